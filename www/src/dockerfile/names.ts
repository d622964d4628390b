import type { PlanStage } from '../engine/types.ts';
import { nameText } from '../lib/names.tsx';

/** A stage as it is called: by its name, or by its place. */
export const stageName = (stage: PlanStage): string => (stage.name ? nameText(stage.name) : `stage ${stage.index}`);
