// + ~ − beside what was added, changed and removed.
const SIGNS = { added: '+', changed: '~', removed: '\u2212' } as const;

export function Mark({ change }: { change: keyof typeof SIGNS }) {
  return (
    <>
      <span class={`mk ${change}`} aria-hidden="true">
        {SIGNS[change]}
      </span>
      <span class="sr">{change} </span>
    </>
  );
}
