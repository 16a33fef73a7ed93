using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Models.Folders;
using Distil.Core.Tokenization;
using Distil.Inference.ChatTemplates;
using Distil.Inference.CudaEngines;
using Distil.Inference.Engines;
using Distil.Inference.Scheduling;

namespace Distil.Inference.Answers;

/// <summary>A student with everything that answering needs: engine, tokenizer, chat template and slots. Several threads may use it at once.</summary>
public sealed class StudentModel : IAsyncDisposable
{
    private readonly IStudentEngine _engine;

    private StudentModel(string folder, string? name, IStudentEngine engine, HuggingFaceTokenizer tokenizer, SchedulerOptions slots)
    {
        (Name, _engine, Tokenizer) = (name ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))), engine, tokenizer);
        (Template, EndTokens, Scheduler) = (ChatTemplate.Find(folder), Core.Tokenization.EndTokens.Of(folder, tokenizer), new(engine, slots));
    }

    /// <value>The name that requests call it by.</value>
    public string Name { get; }

    /// <value>When it was opened.</value>
    public DateTimeOffset Opened { get; } = DateTimeOffset.UtcNow;

    /// <value>What was read of its folder, and what was not.</value>
    public ModelReading Reading => _engine.Reading;

    /// <value>What it runs on, for people.</value>
    public string Processor => _engine.Processor;

    /// <value>Why it does not run on a card; null if it does, or if the CPU was asked for.</value>
    public string? NoCard { get; private init; }

    /// <value>Its tokenizer.</value>
    public HuggingFaceTokenizer Tokenizer { get; }

    /// <value>Its chat template; null if it has none.</value>
    public ChatTemplate? Template { get; }

    /// <value>Tokens that end an answer.</value>
    public IReadOnlySet<int> EndTokens { get; }

    /// <value>Generates the texts.</value>
    public TextScheduler Scheduler { get; }

    /// <summary>Opens a student's folder.</summary>
    /// <param name="folder">The folder, with its tokenizer.</param>
    /// <param name="options">How the engine computes; null for the defaults.</param>
    /// <param name="slots">How many texts at once; null for the defaults.</param>
    /// <param name="name">The name that requests call it by; null for the folder's.</param>
    /// <exception cref="InvalidInputException">The model, its tokenizer or its template cannot be used.</exception>
    public static StudentModel Open(string folder, EngineOptions? options = null, SchedulerOptions? slots = null, string? name = null)
    {
        var tokenizer = HuggingFaceTokenizer.Load(folder);
        options ??= new();
        options.Validate();
        slots ??= new();
        var (engine, noCard) = EngineChoice.Open(folder, options, slots.Slots + slots.CachedStates);
        try
        {
            VocabularyCheck.RequireFits(folder, tokenizer.VocabularySize, folder, engine.VocabularySize);
            return new(folder, name, engine, tokenizer, slots) { NoCard = noCard };
        }
        catch
        {
            engine.Dispose();
            throw;
        }
    }

    /// <summary>Begins an answer.</summary>
    /// <exception cref="InvalidInputException">The prompt has no tokens, a foreign one, or more than the model reads, or an option is out of its range.</exception>
    /// <exception cref="SchedulerBusyException">Too many texts wait, or the model is being closed.</exception>
    public AnswerStream Answer(AnswerRequest request) => new(this, request);

    /// <summary>Finishes the texts that it has accepted, and closes the model.</summary>
    public async ValueTask DisposeAsync()
    {
        await Scheduler.DisposeAsync();
        _engine.Dispose();
    }
}
