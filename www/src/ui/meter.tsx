// How far long work is: a bar, and the figures as words.
import { count, duration, size } from '../lib/format.ts';
import { Name, nameText } from '../lib/names.tsx';
import type { Progress } from '../lib/rpc-types.ts';

/** `total` stands in where the work does not say how much there is; `speed` is in bytes a second. */
export function Meter({ progress, label, phase, total: known, speed = 0 }: { progress: Progress | undefined; label: string; phase?: string; total?: number | undefined; speed?: number }) {
  const bytes = progress?.unit === 'bytes';
  const done = progress?.done ?? 0;
  const total = progress?.total ?? (bytes ? known : undefined);
  const part = total ? Math.min(1, done / total) : 0;
  const left = speed > 0 && total ? Math.max(0, (total - done) / speed) : undefined;
  const amount = bytes ? `${size(done)}${total ? ` of ${size(total)}` : ''}` : progress ? `${count(done)}${total ? ` of ${count(total)}` : ''} ${progress.unit}` : size(known ?? 0);
  return (
    <>
      <svg class="meter" viewBox="0 0 100 6" preserveAspectRatio="none" role="progressbar" aria-label={nameText(label)} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(part * 100)}>
        <rect class="trk" width="100" height="6" />
        <rect class="own" width={part * 100} height="6" />
      </svg>
      <div class="row xs mid">
        {phase && <span>{phase}</span>}
        <span class="num">{amount}</span>
        <span class="grow cut">{progress?.item && <Name text={progress.item} cut />}</span>
        {speed > 0 && <span class="num">{size(speed)}/s</span>}
        {left !== undefined && <span class="num">{duration(left)} left</span>}
      </div>
    </>
  );
}
