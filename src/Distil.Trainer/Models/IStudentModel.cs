using Distil.Core.Safetensors;

namespace Distil.Trainer.Models;

/// <summary>A model that a run trains, evaluates and exports, of either kind of student.</summary>
public interface IStudentModel : ILanguageModel
{
    /// <value>All weights, trained or not, with their names on disk.</value>
    IReadOnlyList<NamedParameter> Weights { get; }

    /// <summary>Writes <c>config.json</c> and the weights, which <see cref="LanguageModelLoader"/> can read.</summary>
    /// <param name="folder">Created if it is missing.</param>
    /// <param name="storage">Element type and size of the files of weights; null for float32 and the default size.</param>
    void Save(string folder, WeightStorage? storage = null);

    /// <summary>Makes it compute in bfloat16.</summary>
    void UseBFloat16();
}
