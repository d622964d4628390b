// Codacy's tool results: one JSON object a line.
import { slashed, type Report } from './report.js';

const codacy: Report = (files) => files.flatMap((file) => file.findings.map((f) => `${JSON.stringify({ filename: slashed(file.name), line: f.line, message: f.message, patternId: f.code })}\n`)).join('');
export default codacy;
