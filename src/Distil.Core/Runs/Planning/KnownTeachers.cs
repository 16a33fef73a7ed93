using Distil.Core.Models;

namespace Distil.Core.Runs.Planning;

/// <summary>Shapes of published teachers, so that their runs can be planned before their files are fetched. Never used to run a model.</summary>
internal static class KnownTeachers
{
    /// <summary>The shape of <c>hf://owner/name[@revision]</c>; null if it is not known.</summary>
    public static TeacherShape? Find(string path) => path.Split('@')[0] switch
    {
        "hf://Qwen/Qwen2.5-1.5B" => new TeacherShape
        {
            ModelType = "qwen2",
            Layers = 28,
            HiddenSize = 1536,
            Heads = 12,
            VocabularySize = 151_936,
            MaxPositions = 131_072,
            From = "the table of known teachers, for planning only",
        },
        _ => null,
    };
}
