// Evaluations as tables: perplexities by epoch, tasks, recall by length; each number with its standard error where there is one.
import { count, figure, percent } from './format.js';
import { table } from './parts.js';
/** @import * as Api from './openapi' */

const withError = (value, error, show) => value === null || value === undefined ? '–' : error ? `${show(value)} ± ${show(error)}` : show(value);
/** @param {Api.Estimate | null} [estimate] */
const share = (estimate) => withError(estimate?.value, estimate?.standardError, percent);
/** @param {Api.EvaluationResult | null} [evaluation] */
const perplexity = (evaluation) => withError(evaluation?.student.perplexity, evaluation?.student.perplexityStandardError, figure);

/** What was measured after each epoch. @param {Api.EpochEvaluations[]} epochs */
export function epochTable(epochs, caption = 'Held-out text after each epoch') {
  const both = epochs.some((epoch) => epoch.withoutTeacher);
  return table(caption, ['Epoch', 'Student’s perplexity', 'Teacher’s', ...(both ? ['Without teacher'] : []), 'KL', 'Agreement', 'Rows'], epochs.map(({ epoch, distilled, withoutTeacher }) => [
    epoch + 1, perplexity(distilled), figure(distilled?.teacher?.perplexity), ...(both ? [perplexity(withoutTeacher)] : []),
    withError(distilled?.kl, distilled?.klStandardError, figure), withError(distilled?.top1Agreement, distilled?.top1AgreementStandardError, percent), distilled ? count(distilled.rows) : '–']));
}

/** Multiple-choice tasks of an evaluation; empty if it has none. @param {Api.EvaluationResult | null} [evaluation] */
export const taskTable = (evaluation) => !evaluation?.tasks?.length ? '' : table('Tasks: share of questions answered right', ['Task', 'Student, acc', 'Student, acc_norm', 'Teacher, acc_norm', 'Kept of the teacher’s', 'By chance', 'Questions'],
  evaluation.tasks.map((task) => [task.name, share(task.student.acc), share(task.student.accNorm), share(task.teacher?.accNorm), share(task.recovery?.rate), percent(task.chance), count(task.questions)]));

/** Recall and copying by length; empty if they were not measured. @param {Api.EvaluationResult | null} [evaluation] */
export const recallTable = (evaluation) => !evaluation?.recall?.length ? '' : table('Recall of random tokens by length', ['Test', 'Tokens', 'Student', 'Teacher', 'By chance'],
  evaluation.recall.map((recall) => [recall.kind, count(recall.length), share(recall.student), recall.beyondTeachersContext ? 'beyond its context' : share(recall.teacher), percent(recall.chance)]));
