using System.Text;
using CsCheck;
using Distil.Core.Errors;
using Distil.Core.Specification;
using Distil.Fuzzing;
using Distil.Inference.Engines;
using Distil.Trainer.Models;
using Distil.Trainer.Models.Linearised;
using Distil.Trainer.Models.Xlstm;
using Distil.Trainer.Tests.Models.Linearised;
using Distil.Trainer.Tests.Models.Xlstm;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models;

/// <summary>Damaged students of both kinds: torch and the engine accept the same ones.</summary>
public sealed class StudentFolderFuzzTests : IDisposable
{
    private readonly List<string> _folders = [];

    public static TheoryData<string> Kinds => ["xlstm", "linearised"];

    public void Dispose() => _folders.ForEach(folder => Directory.Delete(folder, recursive: true));

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task A_changed_configuration(string kind)
    {
        var folder = Write(kind);
        var valid = File.ReadAllText(Path.Combine(folder, "config.json"));
        return HoldsAsync(
            kind, folder, "config.json",
            Gen.OneOf(Mutations.OfJson(valid), Mutations.Of(Encoding.UTF8.GetBytes(valid)).Select(Encoding.UTF8.GetString)).Select(Encoding.UTF8.GetBytes));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task Changed_weights(string kind)
    {
        var folder = Write(kind);
        var valid = File.ReadAllBytes(Path.Combine(folder, "model.safetensors"));
        return HoldsAsync(kind, folder, "model.safetensors", Gen.OneOf(Mutations.Of(valid), Mutations.OfSafetensors(valid)));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void An_undamaged_one_is_accepted(string kind)
    {
        var folder = Write(kind);
        Assert.Null(Refusal(() => Load(kind, folder).Dispose()));
        Assert.Null(Refusal(() => StudentEngine.Open(folder, new() { Threads = 1 }).Dispose()));
    }

    private string Write(string kind)
    {
        var folder = kind == "xlstm" ? GoldenStudent.Copy("model.safetensors") : Directory.CreateTempSubdirectory("distil-linearised-").FullName;
        _folders.Add(folder);
        if (kind != "xlstm")
        {
            using var model = Students.Create(Students.ShapeOf("llama-tiny", window: 4, sinks: 2, FeatureMap.Both, keep: 1), "llama-tiny");
            model.Save(folder);
        }

        return folder;
    }

    private static Task HoldsAsync(string kind, string folder, string name, Gen<byte[]> inputs) => Hostile.EndsInAsync<InvalidInputException>(inputs, bytes =>
    {
        File.WriteAllBytes(Path.Combine(folder, name), bytes);
        var torch = Refusal(() => Load(kind, folder).Dispose());
        var engine = Refusal(() => StudentEngine.Open(folder, new() { Threads = 1 }).Dispose());
        Assert.Equal(torch is null, engine is null); // of several faults each may name another one first
        if (torch is not null)
        {
            throw torch;
        }
    }, iterations: 150);

    private static IStudentModel Load(string kind, string folder) => kind == "xlstm" ? XlstmModel.Load(folder, CPU) : LinearisedModel.Load(folder, CPU);

    private static InvalidInputException? Refusal(Action read)
    {
        try
        {
            read();
            return null;
        }
        catch (InvalidInputException refused)
        {
            return refused;
        }
    }
}
