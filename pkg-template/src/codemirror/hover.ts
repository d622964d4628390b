import type { Extension } from '@codemirror/state';
import { EditorView, hoverTooltip } from '@codemirror/view';
import { type DockerfileEngine, prepared } from './engine.js';
import { markdown } from './markdown.js';

const theme = EditorView.baseTheme({
  '.cm-dockerfile-hover': { maxWidth: 'min(72ch, 90vw)', maxHeight: '40vh', overflow: 'auto', padding: '4px 12px' },
  '.cm-dockerfile-hover pre': { margin: '4px 0', whiteSpace: 'pre-wrap' },
  '.cm-dockerfile-hover p, .cm-dockerfile-hover ul': { margin: '6px 0' },
});

/** What an instruction, flag, stage, variable or image under the pointer is. */
export function dockerfileHover(engine: DockerfileEngine): Extension {
  const tooltip = hoverTooltip(
    async (view, pos) => {
      const { doc } = view.state;
      const hover = await (await prepared(engine)).hover?.(doc.toString(), pos);
      if (!hover || view.state.doc !== doc) return null;
      return {
        pos: hover.start,
        end: hover.end,
        above: true,
        create: () => {
          const dom = document.createElement('div');
          dom.className = 'cm-dockerfile-hover';
          dom.append(markdown(hover.contents));
          return { dom };
        },
      };
    },
    { hideOnChange: true },
  );
  return [tooltip, theme];
}
