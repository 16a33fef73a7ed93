using System.Text;
using CsCheck;
using Distil.Core.Errors;
using Distil.Fuzzing;
using Distil.Inference.Engines;
using Distil.Trainer.Models.Xlstm;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models.Xlstm;

/// <summary>Damaged students: torch and the engine accept the same ones.</summary>
public sealed class StudentFolderFuzzTests : IDisposable
{
    private readonly string _folder = GoldenStudent.Copy("model.safetensors");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public Task A_changed_configuration()
    {
        var valid = File.ReadAllText(Path.Combine(_folder, "config.json"));
        return HoldsAsync("config.json", Gen.OneOf(Mutations.OfJson(valid), Mutations.Of(Encoding.UTF8.GetBytes(valid)).Select(Encoding.UTF8.GetString)).Select(Encoding.UTF8.GetBytes));
    }

    [Fact]
    public Task Changed_weights()
    {
        var valid = File.ReadAllBytes(Path.Combine(_folder, "model.safetensors"));
        return HoldsAsync("model.safetensors", Gen.OneOf(Mutations.Of(valid), Mutations.OfSafetensors(valid)));
    }

    private Task HoldsAsync(string name, Gen<byte[]> inputs) => Hostile.EndsInAsync<InvalidInputException>(inputs, bytes =>
    {
        File.WriteAllBytes(Path.Combine(_folder, name), bytes);
        var (torch, engine) = (Refusal(() => XlstmModel.Load(_folder, CPU).Dispose()), Refusal(() => StudentEngine.Open(_folder, new() { Threads = 1 }).Dispose()));
        Assert.Equal(torch is null, engine is null); // of several faults each may name another one first
        if (torch is not null)
        {
            throw torch;
        }
    }, iterations: 150);

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
