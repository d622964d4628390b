// One line each: `layerwright:FILE:LINE:COLUMN: CODE LEVEL: text`, hadolint's form with the column added.
import { line, type Report } from './report.js';

const gnu: Report = (files) => files.flatMap((file) => file.findings.map((f) => `layerwright:${line(file.name)}:${f.line}:${f.column}: ${f.code} ${f.level}: ${line(f.message)}\n`)).join('');
export default gnu;
