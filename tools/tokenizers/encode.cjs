// Encodes and decodes with Hugging Face's own library: `node encode.cjs tokenizer.json < texts.jsonl`, {"text"} a line in, {"ids","decoded"} a line out.
const { Tokenizer } = require("tokenizers");
const { createInterface } = require("node:readline");

(async () => {
  const tokenizer = Tokenizer.fromFile(process.argv[2]);
  for await (const line of createInterface({ input: process.stdin })) {
    const encoding = await tokenizer.encode(JSON.parse(line).text, null, { addSpecialTokens: false });
    const ids = encoding.getIds();
    console.log(JSON.stringify({ ids, decoded: await tokenizer.decode(ids, false) }));
  }
})();
