using Distil.Core.Models;

namespace Distil.Core.Tests.Runs;

internal static class Shapes
{
    public static TeacherShape Teacher(int width, int heads, int vocabulary = 1000) => new()
    {
        ModelType = "qwen2",
        Layers = 2,
        HiddenSize = width,
        Heads = heads,
        VocabularySize = vocabulary,
        MaxPositions = 512,
        From = "a test",
    };
}
