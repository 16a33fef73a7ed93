// Encodes texts, each with a tokenizer of its own, by Hugging Face's library: {"tokenizer","text"} a line in, {"ids","words"} (the number of each token's
// word) or {"error"} a line out.
const { Tokenizer } = require("tokenizers");
const { createInterface } = require("node:readline");

(async () => {
  for await (const line of createInterface({ input: process.stdin })) {
    const { tokenizer, text } = JSON.parse(line);
    try {
      const encoding = await Tokenizer.fromString(JSON.stringify(tokenizer)).encode(text, null, { addSpecialTokens: false });
      console.log(JSON.stringify({ ids: encoding.getIds(), words: encoding.getWordIds().map((word) => word ?? -1) }));
    } catch (error) {
      console.log(JSON.stringify({ error: error.message }));
    }
  }
})();
