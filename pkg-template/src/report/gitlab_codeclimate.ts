// GitLab's Code Quality report: Code Climate's issues in one array.
import { issues } from './codeclimate.js';
import type { Report } from './report.js';

const gitlab: Report = (files) => `${JSON.stringify(files.flatMap(issues), null, 2)}\n`;
export default gitlab;
