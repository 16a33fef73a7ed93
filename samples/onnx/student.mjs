// A student that `distil export --to onnx` wrote, in ONNX Runtime for the web. Runs in Node and in browsers.
import { Tokenizer } from '@huggingface/tokenizers';
import * as ort from 'onnxruntime-web';

const piece = 256; // tokens of a prompt that are read at once: memory grows with their square

export class Student {
  // read: async name => the bytes of a file of the folder; weights: the names of its files model.onnx.data…
  static async open(read, weights) {
    const json = async (name) => JSON.parse(new TextDecoder().decode(await read(name)));
    const externalData = await Promise.all(weights.map(async (path) => ({ path, data: await read(path) })));
    const session = await ort.InferenceSession.create(await read('model.onnx'), { externalData });
    return new Student(session, new Tokenizer(await json('tokenizer.json'), await json('tokenizer_config.json')));
  }

  constructor(session, tokenizer) {
    Object.assign(this, { session, tokenizer });
  }

  // The text's continuation, piece by piece, always by the most probable token.
  async *continue(prompt, count) {
    let state = this.#start();
    let tokens = this.tokenizer.encode(prompt).ids;
    const [made, decode] = [[], () => this.tokenizer.decode(made, { skip_special_tokens: false, clean_up_tokenization_spaces: false })];
    for (let text = ''; made.length < count;) {
      const ids = new ort.Tensor('int64', BigInt64Array.from(tokens.slice(0, piece), BigInt), [1, Math.min(tokens.length, piece)]);
      const keep = new ort.Tensor('int64', BigInt64Array.of(1n), [1]); // logits of the last position
      const results = await this.session.run({ ...state, input_ids: ids, logits_to_keep: keep });
      state = Object.fromEntries(Object.keys(state).map((name) => [name, results[name.replace('past.', 'present.')]]));
      tokens = tokens.slice(piece);
      if (tokens.length === 0) {
        const logits = results.logits.data;
        tokens = [logits.reduce((best, logit, i) => (logit > logits[best] ? i : best), 0)];
        made.push(tokens[0]);
        const longer = decode();
        if (!longer.endsWith('\uFFFD') || made.length === count) { // a character may take several tokens
          yield longer.slice(text.length);
          text = longer;
        }
      }
    }
  }

  // A text begins with a state of zeros; layers that keep attention begin with no position.
  #start() {
    const shapes = this.session.inputMetadata.filter(({ name }) => name.startsWith('past.'));
    return Object.fromEntries(shapes.map(({ name, type, shape }) => {
      const sizes = shape.map((size) => (size === 'batch' ? 1 : size === 'past' ? 0 : size));
      const length = sizes.reduce((product, size) => product * size, 1);
      return [name, new ort.Tensor(type, type === 'int64' ? new BigInt64Array(length) : new Float32Array(length), sizes)];
    }));
  }
}
