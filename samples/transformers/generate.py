"""Continues a text with a student's folder in Hugging Face's transformers: python3 generate.py FOLDER TEXT [TOKENS]"""

import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, TextStreamer

folder, text = sys.argv[1:3]
count = int(sys.argv[3]) if len(sys.argv) > 3 else 40

# The folder contains the student's Python code: run only folders that you trust.
model = AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True, dtype="auto")
model = model.to("cuda" if torch.cuda.is_available() else "cpu").eval()
tokenizer = AutoTokenizer.from_pretrained(folder)

inputs = tokenizer(text, return_tensors="pt", return_token_type_ids=False).to(model.device)
model.generate(**inputs, max_new_tokens=count, do_sample=False, streamer=TextStreamer(tokenizer))
