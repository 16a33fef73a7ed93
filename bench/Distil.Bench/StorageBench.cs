using System.CommandLine;
using Distil.Trainer.Distillation;
using Distil.Trainer.Evaluation;
using Distil.Trainer.Kernels;
using Distil.Trainer.Models;
using Distil.Trainer.TeacherOutputs;
using Distil.Core.Tokenization;
using static TorchSharp.torch;

namespace Distil.Bench;

/// <summary>Teacher outputs by what is kept of them: their size, and the error of the KL that training computes from the stored form.</summary>
internal static class StorageBench
{
    private static readonly double[] Temperatures = [2, 1];

    internal static Command Create()
    {
        var teacher = new Option<string>("--teacher") { Required = true };
        var student = new Option<string>("--student") { Required = true };
        var text = new Option<string>("--text") { Required = true };
        var rows = new Option<int>("--rows") { DefaultValueFactory = _ => 64 };
        var keep = new Option<string[]>("--keep")
        {
            Description = "topP,maxTokens,tailDraws: a row of the table.", AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => ["0.99,128,0", "0.998,128,0", "0.95,128,8", "0.95,128,16", "0.98,128,16"],
        };
        var command = new Command("storage", "Stored teacher outputs: bytes a token, and the error of KL against the dense one (CPU).") { teacher, student, text, rows, keep };
        command.SetAction(parsed =>
        {
            using var bench = new Measure(
                LanguageModelLoader.Load(parsed.GetRequiredValue(teacher), CPU), LanguageModelLoader.Load(parsed.GetRequiredValue(student), CPU));
            var tokenizer = HuggingFaceTokenizer.Load(parsed.GetRequiredValue(teacher));
            bench.Read(EvaluationRows.Of(parsed.GetRequiredValue(text), new(() => tokenizer), tokenizer.VocabularySize, 256, _ => { })
                .Where(row => row.Length == 256).Take(parsed.GetValue(rows)));
            Console.WriteLine($"{bench.Rows} rows of 256 tokens; KL in nats at T 2 and 1: {string.Join(", ", bench.Dense.Select(kl => $"{kl:F4}"))}");
            Console.WriteLine("| topP | maxTokens | tailDraws | kept | bytes a token | error of KL at T 2, % | at T 1, % |");
            Console.WriteLine("|--:|--:|--:|--:|--:|--:|--:|");
            foreach (var setting in parsed.GetValue(keep)!)
            {
                var parts = setting.Split(',');
                Console.WriteLine(bench.Row(double.Parse(parts[0]), int.Parse(parts[1]), int.Parse(parts[2])));
            }
        });
        return command;
    }

    /// <summary>The models' hidden states of some rows, and the dense KL of each row.</summary>
    private sealed class Measure(ILanguageModel teacher, ILanguageModel student) : IDisposable
    {
        private readonly List<(Tensor Teacher, Tensor Student, double[] Dense)> _rows = [];

        internal int Rows => _rows.Count;

        internal IEnumerable<double> Dense => Temperatures.Select((_, i) => _rows.Average(row => row.Dense[i]));

        internal void Read(IEnumerable<long[]> rows)
        {
            using var noGrad = no_grad();
            foreach (var row in rows)
            {
                using var scope = NewDisposeScope();
                var ids = tensor(row, 1, row.Length);
                var (goal, own) = (teacher.Forward(ids), student.Forward(ids));
                _rows.Add((goal.DetachFromDisposeScope(), own.DetachFromDisposeScope(), [.. Temperatures.Select(temperature => Kl(goal[0], own[0], temperature))]));
            }
        }

        internal string Row(double topP, int maxTokens, int draws)
        {
            using var scope = NewDisposeScope();
            var settings = new ExtractionSettings
            {
                Keep = new() { TopP = topP, MaxTokens = maxTokens, TailDraws = draws }, InverseTemperatures = TemperatureNodes.Between(1, 2),
            };
            var path = Path.Combine(Path.GetTempPath(), $"distil-bench-{Environment.ProcessId}.bin");
            try
            {
                using var writer = new TeacherOutputsWriter(path, TeacherOutputsHeader.For(settings, 256, teacher.VocabularySize, 0));
                var sparse = new SparseOutputs(Backend.For(CPU), teacher.HeadWeight.dtype, settings);
                foreach (var (goal, _, _) in _rows)
                {
                    writer.Append(sparse.Of(goal, teacher.HeadWeight, null, teacher.LogitForm));
                }

                writer.Complete();
                using var file = TeacherOutputsFile.Open(path);
                return $"| {topP} | {maxTokens} | {draws} | {writer.MeanKeptTokens:F1} | {file.SparseBytesPerToken:F1} | {string.Join(" | ", Errors(file))} |";
            }
            finally
            {
                File.Delete(path);
            }
        }

        /// <summary>The relative error of the mean over all rows, with its standard error as a sample of rows.</summary>
        private IEnumerable<string> Errors(TeacherOutputsFile file)
        {
            var head = new DistillationHead(Backend.For(CPU), ScalarType.Float32);
            for (var t = 0; t < Temperatures.Length; t++)
            {
                double[] stored = [.. _rows.Select((row, i) =>
                {
                    using var scope = NewDisposeScope();
                    var targets = file.ReadRows([i], CPU);
                    return head.Compute(row.Student, student.HeadWeight, zeros([1, 256], ScalarType.Int64), null, targets, new(0, 1, Temperatures[t])).Kl.item<double>();
                })];
                double[] dense = [.. _rows.Select(row => row.Dense[t])];
                var ratio = stored.Sum() / dense.Sum();
                var error = Math.Sqrt(stored.Zip(dense, (own, whole) => Math.Pow(own - ratio * whole, 2)).Sum()) / dense.Sum();
                yield return $"{100 * (ratio - 1):F2} ± {100 * error:F2}";
            }
        }

        private double Kl(Tensor goal, Tensor own, double temperature)
        {
            using var scope = NewDisposeScope();
            Tensor Logs(ILanguageModel model, Tensor hidden) => (model.LogitsOf(hidden).to(ScalarType.Float64) / temperature).log_softmax(-1);
            var (q, s) = (Logs(teacher, goal), Logs(student, own));
            return (q.exp() * (q - s)).sum(-1).mean().item<double>();
        }

        public void Dispose()
        {
            foreach (var (goal, own, _) in _rows)
            {
                goal.Dispose();
                own.Dispose();
            }

            teacher.Dispose();
            student.Dispose();
        }
    }
}
