namespace Distil.Trainer.Models;

/// <summary>A model that a run trains, evaluates and exports, of either kind of student.</summary>
public interface IStudentModel : ILanguageModel
{
    /// <summary>Writes <c>config.json</c> and <c>model.safetensors</c> (float32), which <see cref="LanguageModelLoader"/> can read.</summary>
    /// <param name="folder">Created if it is missing.</param>
    void Save(string folder);
}
