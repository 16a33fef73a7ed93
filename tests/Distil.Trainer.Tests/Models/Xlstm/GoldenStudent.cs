using Distil.Core.Safetensors;
using Distil.Trainer.Models.Xlstm;
using Distil.Trainer.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models.Xlstm;

/// <summary>The reference's tiny student with its expected results.</summary>
internal static class GoldenStudent
{
    internal static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Golden", "xlstm-tiny");

    internal static SafetensorsFile Case() => SafetensorsFile.Open(Path.Combine(Folder, "case.safetensors"));

    internal static XlstmModel Load() => XlstmModel.Load(Folder, CPU);

    /// <summary>Copies the folder with another weights file, renamed tensors and a changed config.</summary>
    internal static string Copy(
        string weights, Func<string, string?>? rename = null, Func<string, string>? config = null, Func<Tensor, string, Tensor>? change = null)
    {
        var folder = Directory.CreateTempSubdirectory("distil-xlstm-").FullName;
        var text = File.ReadAllText(Path.Combine(Folder, "config.json"));
        File.WriteAllText(Path.Combine(folder, "config.json"), config is null ? text : config(text));
        using var scope = NewDisposeScope();
        using var source = SafetensorsFile.Open(Path.Combine(Folder, weights));
        var tensors = source.Entries.Keys
            .Select(name => (Name: rename is null ? name : rename(name), Value: change is null ? source.Read(name) : change(source.Read(name), name)))
            .Where(tensor => tensor.Name is not null)
            .Select(tensor => KeyValuePair.Create(tensor.Name!, tensor.Value));
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), [.. tensors]);
        return folder;
    }

    /// <summary>Largest difference over the largest expected value is at most <paramref name="tolerance"/>.</summary>
    internal static void Same(Tensor expected, Tensor actual, double tolerance, string what)
    {
        Assert.Equal(expected.shape, actual.shape);
        using var scope = NewDisposeScope();
        static double Largest(Tensor tensor) => tensor.detach().abs().max().to(ScalarType.Float64).item<double>();
        var off = Largest(expected - actual) / Math.Max(Largest(expected), 1e-12);
        Assert.True(off <= tolerance, $"{what} is off by {off:E2} of its largest value; {tolerance:E0} allowed");
    }
}
