using Distil.Core.Documents;
using Distil.Core.Documents.Evaluations;
using Distil.Core.Documents.Reports;
using Distil.Core.Specification;

namespace Distil.Core.Tests.Documents.Reports;

/// <summary>A report with invented numbers of the demo's size, and with text that would break a careless page.</summary>
internal static class SampleReport
{
    public const string Hostile = "<script>alert(\"1\")</script> & 'Mira' </p>";

    private const int Steps = 1800;

    public static RunReport Create() => new()
    {
        RunId = "2026-11-24-tales",
        CreatedAt = new DateTimeOffset(2026, 11, 24, 9, 5, 0, TimeSpan.Zero),
        Spec = Spec(),
        Teacher = new()
        {
            Path = "/home/ada/distil/samples/teacher", Architecture = "qwen2", Layers = 6, HiddenSize = 160, Heads = 4, VocabularySize = 2048,
            MaxContext = 512, Parameters = 2_184_320,
        },
        Student = new()
        {
            Blocks = ["sLSTM", "mLSTM", "sLSTM", "mLSTM"], Heads = 4, TrainableParameters = 1_043_968, FrozenParameters = 327_680,
        },
        Dataset = new()
        {
            DatasetId = "3f9a1c0be27d4451", Documents = 6100, Shards = 3, ContextLength = 128, TrainRows = 7200, TrainTokens = 921_344, EvalRows = 120,
            EvalTokens = 15_360,
        },
        Epochs =
        [
            Epoch(1, 7.91, 0.412, 0.741, 8.64, 0.533), Epoch(2, 6.22, 0.196, 0.826, 6.79, 0.302), WithSuite(Epoch(3, 5.83, 0.141, 0.851, 6.31, 0.247)),
        ],
        Training = Training(seed: 1, withTeacher: true),
        TrainingWithoutTeacher = Training(seed: 2, withTeacher: false),
        Samples =
        [
            new()
            {
                Prompt = "Once there was a small fox who lived near the old mill. Every morning Pim the fox",
                Truth = " walked to the river to look for his red boat.\n\nOne day the boat was gone. “Who took my boat?” asked Pim.",
                Teacher = " went down to the river and sat on the grey stone. He liked to watch the ducks. One day he found a red boat under the bridge.",
                Student = " went to the river and looked at the water. He saw a red boat. “Is this boat yours?” he asked the duck. The duck said no.",
                WithoutTeacher = " went to the mill and the mill was a red. The duck said the boat was the river and Pim was happy.",
            },
            new() { Prompt = Hostile, Teacher = " — 日本 🦊", Student = "", WithoutTeacher = "a<b>" },
        ],
        Decode =
        [
            Decode(32, 910, 1_050, 98_304), Decode(128, 905, 870, 393_216), new()
            {
                ContextLength = 512, Student = new(902, 214_016), BeyondTeachersContext = true,
            },
        ],
        Storage = new()
        {
            DatasetBytes = 3_741_000, TeacherOutputBytes = 68_600_000, TeacherOutputBytesPerToken = 74.4, MeanKeptTokens = 14.2, CappedShare = 0.0031,
            CheckpointBytes = 37_800_000, ModelBytes = 5_512_000,
        },
        Timings = [new("prepare", 3, 4.1), new("teach", 3, 31.2), new("train", 6, 166), new("evaluate", 6, 11.9), new("export", 1, 7.4)],
        KlErrors = [new KlError(2, 0.0042), new KlError(1, 0.0007)],
        Artifacts =
        [
            new("Model folder", "runs/2026-11-24-tales/model/"), new("Training log, a JSON line a step", "runs/2026-11-24-tales/metrics.jsonl"),
            new("TensorBoard events", "runs/2026-11-24-tales/events/"), new("Numbers of this page", "runs/2026-11-24-tales/reports/report.json"),
        ],
        Machine = new()
        {
            OperatingSystem = "Debian GNU/Linux 12", Device = "CPU, 2 cores of AMD EPYC 9454", Cores = 2, MemoryBytes = 25_769_803_776,
            Versions = new Dictionary<string, string> { ["Distil"] = "0.1.0", [".NET"] = "10.0.2", ["libtorch"] = "2.10.0" },
        },
    };

    private static RunSpec Spec() => new()
    {
        Name = "tales",
        Teacher = new() { Path = "samples/teacher" },
        Dataset = new() { Sources = ["samples/tales.txt"], ContextLength = 128 },
        Student = new() { Blocks = 4 },
        Training = new() { Epochs = 3, BatchSize = 12, LearningRate = 2e-3 },
        Evaluation = new() { Baseline = true },
    };

    private static EpochSummary Epoch(int epoch, double perplexity, double kl, double agreement, double without, double withoutKl) => new()
    {
        Epoch = epoch,
        Distilled = Result(perplexity, kl, agreement),
        WithoutTeacher = Result(without, withoutKl, agreement - 0.05),
    };

    private static EpochSummary WithSuite(EpochSummary last) => last with
    {
        Distilled = last.Distilled with
        {
            Tasks = [Task("friend", 0.93, 0.96), Task("a<b>", 0.61, 0.92)], TasksWithinTolerance = 0.5, Recall = [.. Recall(0.9, 0.35)],
        },
        WithoutTeacher = last.WithoutTeacher! with
        {
            Tasks = [Task("friend", 0.71, 0.96), Task("a<b>", 0.55, 0.92)], TasksWithinTolerance = 0, Recall = [.. Recall(0.8, 0.5)],
        },
    };

    private static TaskResult Task(string name, double student, double teacher) => new()
    {
        Name = name, Questions = 80, Shots = 0, Chance = 0.25, Student = Score(student), Teacher = Score(teacher),
        Recovery = new Recovery(student >= 0.95 * teacher, new(student / teacher, 0.041), new((student - 0.25) / (teacher - 0.25), 0.055)),
    };

    private static TaskScore Score(double accuracy) => new(new(accuracy - 0.02, 0.031), new(accuracy, 0.029), new(accuracy, 0.029));

    private static IEnumerable<RecallResult> Recall(double first, double falling) =>
        from kind in Enum.GetValues<RecallKind>()
        from power in Enumerable.Range(4, 5)
        let share = first * Math.Exp(-falling * (power - 4) * (kind == RecallKind.Copy ? 1.3 : 1))
        let beyond = power == 8
        select new RecallResult
        {
            Kind = kind, Length = 1 << power, Sequences = 32, Chance = 4.0 / (1 << power), Student = new(share, 0.02),
            Teacher = beyond ? null : new(0.99, 0.003), BeyondTeachersContext = beyond,
            Recovery = beyond ? null : new Recovery(false, new(share / 0.99, 0.02), power == 4 ? null : new(share / 0.99, 0.021)),
        };

    private static EvaluationResult Result(double perplexity, double kl, double agreement) => new()
    {
        Rows = 120,
        Tokens = 15_240,
        Words = 11_873,
        Bytes = 60_411,
        Student = Score(perplexity, 0.61),
        Teacher = Score(5.41, 0.63),
        Kl = kl,
        KlStandardError = kl * 0.02,
        Top1Agreement = agreement,
        PerplexityRatioStandardError = 0.006 * perplexity / 5.41,
    };

    private static ModelScore Score(double perplexity, double accuracy)
    {
        var perByte = new Estimate(Math.Log(perplexity) * 15_100 / 60_411, 0.004);
        return new(Math.Log(perplexity), perplexity, accuracy)
        {
            CrossEntropyStandardError = 0.014,
            PerplexityStandardError = 0.014 * perplexity,
            Text = new TextScore(perByte.Times(60_411 / 11_873.0).Exp(), perByte.Exp(), perByte.Times(1 / Math.Log(2))),
        };
    }

    private static DecodeComparison Decode(int context, double student, double teacher, long cache) =>
        new() { ContextLength = context, Student = new(student, 214_016), Teacher = new(teacher, cache) };

    private static TrainingSummary Training(int seed, bool withTeacher)
    {
        var random = new Random(seed);
        double Falling(long step, double from, double to) =>
            (to + ((from - to) * (Math.Exp(-step / 40.0) + Math.Exp(-step / 500.0)) / 2)) * (1 + (0.12 * (random.NextDouble() - 0.5)));
        double Annealed(long step, double from, double to) =>
            to + ((from - to - (0.05 * (step / 600))) / (1 + Math.Log(1 + (step % 600))));
        double Rate(long step) => step < 180 ? 2e-3 * step / 180 : 1e-3 * (1 + Math.Cos(Math.PI * (step - 180) / (Steps - 180)));
        List<Curve> curves =
        [
            Curve(CurveKind.Loss, step => Falling(step, 7.6, withTeacher ? 0.9 : 1.8)), Curve(CurveKind.CrossEntropy, step => Falling(step, 7.6, 1.8)),
            Curve(CurveKind.LearningRate, Rate), Curve(CurveKind.GradientNorm, step => Falling(step, 9, 0.6)),
        ];
        if (withTeacher)
        {
            curves.AddRange(
            [
                Curve(CurveKind.Kl, step => Falling(step, 5.2, 0.13)), Curve(CurveKind.Alignment, step => Falling(step, 1.4, 0.35)),
                Curve(CurveKind.Alpha, step => Annealed(step, 0.8, 0.5)), Curve(CurveKind.Temperature, step => Annealed(step, 2, 1)),
            ]);
        }

        return new()
        {
            Steps = Steps,
            Tokens = 2_764_032,
            Seconds = withTeacher ? 92.4 : 73.6,
            PeakMemoryBytes = 912_000_000,
            Curves = curves,
            Operations = withTeacher ? Operations : null,
        };
    }

    private static OperationForm[] Operations =>
    [
        new("mLSTM cell", "cpu"), new(
            "sLSTM cell", "plain", $"a head has 288 units; the kernel supports up to 192 {Hostile}; a step takes about 20 times as long"),
    ];

    private static Curve Curve(CurveKind kind, Func<long, double> value) =>
        Distil.Core.Documents.Reports.Curve.Thin(kind, [.. Enumerable.Range(0, Steps).Select(step => (step + 1L, value(step)))]);
}
