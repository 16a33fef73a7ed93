using Distil.Core.Errors;
using Distil.Core.Tokenization;
using Distil.Fuzzing;

namespace Distil.Core.Tests.Tokenization;

/// <summary>Damaged tokenizer files: refused by name, or they encode and decode.</summary>
public sealed class TokenizerFuzzTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public Task Every_damage_ends_in_an_error_or_in_a_tokenizer_that_works()
    {
        var json = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "tokenizer-tiny", "tokenizer.json"));
        var path = Path.Combine(_folder.Path, "tokenizer.json");
        return Hostile.EndsInAsync<InvalidInputException>(Mutations.OfJson(json), bytes =>
        {
            File.WriteAllBytes(path, bytes);
            Assert.NotNull(HuggingFaceTokenizer.Load(path).Encode("The fox, 12 of them.\n", null, TestContext.Current.CancellationToken));
        }, iterations: 50);
    }
}
