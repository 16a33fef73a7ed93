"""Writes src/Distil.Core/Tokenization/CanonicalData.txt: what NFC needs of the Unicode database (UAX #15), by code point in hexadecimal.

    python3 tools/unicode/compositions.py > src/Distil.Core/Tokenization/CanonicalData.txt

Lines: `C code class` a combining class other than 0; `D code first [second]` a canonical decomposition that is also a composition;
`X code first [second]` one that is not composed again. Hangul syllables are computed, not listed.
"""
import sys
import unicodedata

print(f"# Unicode {unicodedata.unidata_version}")
for code in range(sys.maxunicode + 1):
    char = chr(code)
    if unicodedata.combining(char):
        print(f"C {code:X} {unicodedata.combining(char)}")
    parts = unicodedata.decomposition(char)
    if parts and not parts.startswith("<"):
        kind = "D" if unicodedata.normalize("NFC", char) == char else "X"
        print(kind, f"{code:X}", *(part.lstrip("0") for part in parts.split()))
