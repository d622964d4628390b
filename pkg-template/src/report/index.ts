// All formats at once, for `renderReport`.
import { LayerwrightError } from '../errors.js';
import checkstyle from './checkstyle.js';
import codacy from './codacy.js';
import codeclimate from './codeclimate.js';
import type { ReportFormat } from './formats.js';
import github from './github.js';
import gitlab_codeclimate from './gitlab_codeclimate.js';
import gnu from './gnu.js';
import json from './json.js';
import junit from './junit.js';
import type { Report, ReportContext, ReportFile } from './report.js';
import sarif from './sarif.js';
import sonarqube from './sonarqube.js';
import tap from './tap.js';
import terminal from './terminal.js';
import tty from './tty.js';

const REPORTS: Record<ReportFormat, Report> = { terminal, tty, json, sarif, checkstyle, codeclimate, gitlab_codeclimate, gnu, codacy, sonarqube, junit, github, tap };

/** Prints findings in a format. */
export function render(format: ReportFormat, files: ReportFile[], context: ReportContext): string {
  if (!Object.hasOwn(REPORTS, format)) throw new LayerwrightError('ARGUMENT_INVALID', `format: expected one of ${Object.keys(REPORTS).join(', ')}, got ${String(format)}`, { format });
  return REPORTS[format](files, context);
}
