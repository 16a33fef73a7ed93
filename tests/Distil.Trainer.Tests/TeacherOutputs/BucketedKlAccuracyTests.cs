using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Tests.Distillation;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.TeacherOutputs;

/// <summary>KL over what the file keeps against KL over the whole distributions.</summary>
/// <remarks>Synthetic language: a Zipf unigram, each position sharpened by its own amount; the student is the teacher with noise.</remarks>
public sealed class BucketedKlAccuracyTests(ITestOutputHelper output) : IDisposable
{
    private const int B = 4, S = 64, V = 2048;

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"distil-{Guid.NewGuid():n}.bin");

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData(0.3)]
    [InlineData(1.0)]
    public void Everything_kept_gives_the_dense_kl_at_every_temperature_of_the_schedule(double noise)
    {
        var (teacher, student) = Language(noise);
        using var file = Store(teacher, topP: 1, maxTokens: V);
        using var targets = ReadAll(file);
        foreach (var t in new[] { 1.0, 1.1, 1.27, 1.5, 1.83, 2.0 })
        {
            Assert.InRange(RelativeError(teacher, student, targets, t), -1e-3, 1e-3);
        }
    }

    /// <remarks>A bucket can only hide differences. White noise on every token is the hardest student: real ones err where the teacher has mass.</remarks>
    [Theory]
    [InlineData(1.0, 1.0, 0.03)]
    [InlineData(1.0, 2.0, 0.4)]
    [InlineData(2.0, 1.0, 0.02)]
    [InlineData(2.0, 2.0, 0.3)]
    public void The_defaults_stay_near_the_dense_kl_and_below_it(double nucleusTemperature, double temperature, double bound)
    {
        var (teacher, student) = Language(noise: 0.5);
        using var file = Store(teacher, topP: 0.99, maxTokens: 128, nucleusTemperature);
        using var targets = ReadAll(file);
        var error = RelativeError(teacher, student, targets, temperature);
        output.WriteLine(
            $"nucleus at T {nucleusTemperature}, KL at T {temperature}: relative error {error:g3}; {file.SparseBytesPerToken:f1} bytes a token, " +
            $"{targets.LogProbabilities.isfinite().sum(-1).to(ScalarType.Float32).mean().item<float>():f1} kept");
        Assert.InRange(error, -bound, 0);
        Assert.InRange(file.SparseBytesPerToken, 1, 250);
    }

    [Fact]
    public void A_full_set_of_128_tokens_takes_well_below_300_bytes()
    {
        var (teacher, _) = Language(noise: 0.5);
        using var file = Store(teacher, topP: 0.9999999, maxTokens: 128);
        output.WriteLine($"{file.SparseBytesPerToken:f1} bytes a token");
        Assert.InRange(file.SparseBytesPerToken, 1, 250);
    }

    private TeacherOutputsFile Store(Tensor teacher, double topP, int maxTokens, double nucleusTemperature = 1)
    {
        var settings = new ExtractionSettings
        {
            Keep = new() { TopP = topP, MaxTokens = maxTokens },
            NucleusTemperature = nucleusTemperature,
            InverseTemperatures = TemperatureNodes.Between(1, 2),
        };
        using (var writer = new TeacherOutputsWriter(_path, TeacherOutputsHeader.For(settings, S, V, 0)))
        {
            writer.Append(Heads.Sparse(teacher, eye(V), settings, null));
            writer.Complete();
        }

        return TeacherOutputsFile.Open(_path);
    }

    private static TeacherTargets ReadAll(TeacherOutputsFile file) => file.ReadRows([0, 1, 2, 3], CPU);

    private static double RelativeError(Tensor teacher, Tensor student, TeacherTargets targets, double t)
    {
        var q = (teacher / t).log_softmax(-1);
        var dense = (q.exp() * (q - (student / t).log_softmax(-1))).sum(-1).mean().item<float>();
        using var loss = Heads.Compute(student, eye(V), zeros([B, S], ScalarType.Int64), null, targets, new(0, 1, t), 64);
        return (loss.Kl.item<double>() - dense) / dense;
    }

    private static (Tensor Teacher, Tensor Student) Language(double noise)
    {
        var generator = new Generator(9);
        var zipf = -arange(1, V + 1, ScalarType.Float32).log();
        var sharpness = rand([B, S, 1], generator: generator) * 6 + 3;
        var teacher = zipf + randn([B, S, V], generator: generator) * sharpness;
        return (teacher, teacher + randn([B, S, V], generator: generator) * noise);
    }
}
