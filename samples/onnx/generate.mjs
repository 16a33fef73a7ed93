// Continues a text in Node: npm ci; node generate.mjs FOLDER TEXT [TOKENS]
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Student } from './student.mjs';

const [folder, prompt, count = '40'] = process.argv.slice(2);
const student = await Student.open(async (name) => readFileSync(join(folder, name)), readdirSync(folder).filter((name) => name.startsWith('model.onnx.data')));
for await (const text of student.continue(prompt, Number(count))) process.stdout.write(text);
