import type { Engine, Glue } from './engine.js';
import type * as wasm from './wasm/layerwright.js';

type EditGlue = Glue & typeof wasm;

/** What an editor asks about a text, bound to one engine. */
export function editApi<G extends EditGlue>(engine: Engine<G>) {
  return {
    /** What can be written at an offset, the likely first. All that fits the place is given; the host filters by what is typed. */
    completions: (text: wasm.Text, offset: number, options?: wasm.CompletionOptions): wasm.Completion[] => engine.call((g) => g.completions(text, offset, options)),
    /** What the thing at an offset is: an instruction, a flag, a stage, a variable, an image, a rule. */
    hover: (text: wasm.Text, offset: number): wasm.Hover | undefined => engine.call((g) => g.hover(text, offset)),
    /** The outline: directives, what stands before the first stage, stages with their instructions. */
    symbols: (text: wasm.Text): wasm.DocumentSymbol[] => engine.call((g) => g.symbols(text)),
    /** Where the stage or variable at an offset is defined. */
    definition: (text: wasm.Text, offset: number): wasm.TextRange | undefined => engine.call((g) => g.definition(text, offset)),
    /** All places that name the stage or variable at an offset, in the order of the text. */
    references: (text: wasm.Text, offset: number): wasm.Reference[] => engine.call((g) => g.references(text, offset)),
    /** What would be renamed at an offset; `undefined` where `rename` would refuse every name. */
    prepareRename: (text: wasm.Text, offset: number): wasm.RenameTarget | undefined => engine.call((g) => g.prepareRename(text, offset)),
    /** The edits that give the stage or variable at an offset a new name. Throws with an `EDIT_RENAME_…` code where the name is not allowed or taken, nothing can be renamed, or the build would change. */
    rename: (text: wasm.Text, offset: number, newName: string): wasm.TextEdit[] => engine.call((g) => g.rename(text, offset, newName)),
    /** What can be folded. */
    folding: (text: wasm.Text): wasm.FoldingRange[] => engine.call((g) => g.folding(text)),
    /** What each piece of text is, for colours: sorted, without overlaps, each inside one line. */
    semanticTokens: (text: wasm.Text): wasm.SemanticToken[] => engine.call((g) => g.semanticTokens(text)),
  };
}
