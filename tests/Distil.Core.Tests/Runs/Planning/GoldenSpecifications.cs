using Distil.Core.Runs.Reading;
using Distil.Core.Specification;
using Distil.Core.Tests.Models;

namespace Distil.Core.Tests.Runs.Planning;

/// <summary>Three specifications that differ in everything that determines artifacts, with the files that they name.</summary>
internal static class GoldenSpecifications
{
    /// <value>The specifications by name; their paths start at the folder that <see cref="WriteFiles"/> filled.</value>
    public static IReadOnlyDictionary<string, string> All { get; } = new Dictionary<string, string>
    {
        ["defaults"] = """{ "name": "a", "teacher": { "path": "teacher" }, "dataset": { "sources": ["text.txt"], "contextLength": 64 } }""",
        ["jsonl"] = """
            {
              "name": "b", "seed": 7,
              "teacher": { "path": "teacher", "keep": { "topP": 0.875, "maxTokens": 17 } },
              "dataset": {
                "sources": ["pieces"], "evalSources": ["held.jsonl"], "format": "jsonl", "textField": "größe <'&\">", "contextLength": 32, "shardTokens": 100, "maxTokens": 1234
              },
              "student": { "blocks": 3, "slstmAt": [2, 0], "heads": 8, "convKernel": 3, "qkvBlockSize": 16, "projFactor": 1.5, "ffnProjFactor": 1.3 },
              "distillation": {
                "alpha": { "from": 0.7, "to": 0.1, "delta": 0.3, "decay": "relative" },
                "temperature": { "from": 3.5, "to": 1e-3 },
                "alignment": { "kind": "none", "reduction": "paper", "weight": 0 }
              },
              "training": {
                "epochs": 2, "batchSize": 3, "gradientAccumulation": 5, "learningRate": 1e-7, "warmupRatio": 0, "weightDecay": 0.3,
                "gradientClip": 1234567.5, "precision": "bf16", "checkpointEverySteps": 9
              },
              "evaluation": { "baseline": true }
            }
            """,
        ["parquet"] = """
            {
              "name": "c", "seed": 2147483647,
              "teacher": { "path": "teacher", "mode": "online", "keep": { "topP": 1 } },
              "dataset": { "sources": ["rows.parquet", "more/*.parquet"], "format": "parquet", "contextLength": 128, "evalFraction": 0.25 },
              "student": { "blocks": 2, "slstmAt": [] },
              "distillation": { "alignment": { "kind": "cosine", "reduction": "blockWise", "weight": 0.015625 } }
            }
            """,
    };

    /// <summary>Writes the teacher and the text.</summary>
    public static void WriteFiles(string folder)
    {
        TinyTeacher.Write(Path.Combine(folder, "teacher"));
        Write("text.txt", string.Join('\n', Enumerable.Repeat("Once upon a time", 500)));
        Write("pieces/a.jsonl", string.Join('\n', Enumerable.Repeat("""{"größe": "Once upon a time"}""", 40)));
        WriteBytes("pieces/b.jsonl.gz", [0x1F, 0x8B, .. "only its first bytes are read to plan"u8]);
        WriteBytes("pieces/c.jsonl.zst", [0x28, 0xB5, 0x2F, 0xFD, .. "only its first bytes are read to plan"u8]);
        Write("held.jsonl", """{"größe": "held out"}""");
        Write("rows.parquet", "PAR1" + new string('p', 2996));
        Write("more/rows.parquet", "PAR1" + new string('q', 496));

        void Write(string name, string content) => WriteBytes(name, System.Text.Encoding.UTF8.GetBytes(content.ReplaceLineEndings("\n")));

        void WriteBytes(string name, byte[] content)
        {
            var path = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, content);
        }
    }

    /// <summary>Returns one of them.</summary>
    public static RunSpec Read(string name, string folder) => RunSpecReader.Parse(All[name], "spec.json", folder);
}
