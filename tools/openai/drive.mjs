// Drives an endpoint with OpenAI's own client: `node drive.mjs URL MODEL`; prints what it received as one JSON object.
import OpenAI from 'openai';

const [baseURL, model] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0 });
const request = { model, messages: [{ role: 'user', content: 'Once upon a time' }], max_tokens: 16, temperature: 0 };

const whole = await client.chat.completions.create(request);
let streamed = '';
let usage = null;
for await (const chunk of await client.chat.completions.create({ ...request, stream: true, stream_options: { include_usage: true } })) {
  streamed += chunk.choices[0]?.delta?.content ?? '';
  usage = chunk.usage ?? usage;
}

const completion = await client.completions.create({ model, prompt: 'Once upon a time', max_tokens: 8, temperature: 0 });
const refused = await client.chat.completions.create({ ...request, temperature: 9 }).catch((error) => ({ status: error.status, param: error.param, name: error.constructor.name }));
const models = [];
for await (const each of client.models.list()) models.push(each.id);

console.log(JSON.stringify({
  whole: whole.choices[0].message.content, finish: whole.choices[0].finish_reason, tokens: whole.usage.completion_tokens, streamed,
  streamedTokens: usage.completion_tokens, completion: completion.choices[0].text, refused, models,
}));
