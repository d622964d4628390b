// The formats there are, loaded when they are asked for. The file of a format, this line and the one in index.ts are all of it.
import type { Report } from './report.js';

export const FORMATS = {
  terminal: () => import('./terminal.js'),
  tty: () => import('./tty.js'),
  json: () => import('./json.js'),
  sarif: () => import('./sarif.js'),
  checkstyle: () => import('./checkstyle.js'),
  codeclimate: () => import('./codeclimate.js'),
  gitlab_codeclimate: () => import('./gitlab_codeclimate.js'),
  gnu: () => import('./gnu.js'),
  codacy: () => import('./codacy.js'),
  sonarqube: () => import('./sonarqube.js'),
  junit: () => import('./junit.js'),
  github: () => import('./github.js'),
  tap: () => import('./tap.js'),
} satisfies Record<string, () => Promise<{ default: Report }>>;

/** The name of a format. */
export type ReportFormat = keyof typeof FORMATS;

export const FORMAT_NAMES = Object.keys(FORMATS) as ReportFormat[];
