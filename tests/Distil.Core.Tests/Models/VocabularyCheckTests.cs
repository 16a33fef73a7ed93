using Distil.Core.Errors;
using Distil.Core.Models;

namespace Distil.Core.Tests.Models;

public sealed class VocabularyCheckTests
{
    [Fact]
    public void A_tokenizer_larger_than_the_model_is_refused()
    {
        var error = Assert.Throws<InvalidInputException>(() => VocabularyCheck.RequireFits("tokenizer.json", 1025, "teacher", 1024));
        Assert.Equal("tokenizer.json: has ids up to 1024; the model teacher (vocab_size 1024) allows at most 1023", error.Message);
    }

    [Fact]
    public void A_tokenizer_as_large_or_smaller_is_fine() => VocabularyCheck.RequireFits("tokenizer.json", 1024, "teacher", 1024);
}
