using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Jint;
using Jint.Native;

namespace Distil.Inference.ChatTemplates;

/// <summary>A model's chat template: renders messages as the text that the model was trained on.</summary>
/// <remarks>
/// Templates are Jinja programs of whoever published the model, so they are not trusted: Hugging Face's own JavaScript implementation runs them in an
/// interpreter without access to anything, within limits of time, memory and depth. Several threads may use an instance; one renders at a time.
/// </remarks>
public sealed class ChatTemplate
{
    private const long MaxMemory = 256 << 20;
    private const int MaxDepth = 512;
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(10);

    private readonly Lock _one = new();
    private readonly string _path;
    private readonly Engine _engine;
    private readonly JsValue _render;
    private readonly JsValue? _renderMarked;
    private readonly JsonObject _specialTokens;

    private ChatTemplate(string path, string source, JsonObject specialTokens)
    {
        (_path, _specialTokens) = (path, specialTokens);
        _engine = new Engine(options =>
        {
            options.LimitMemory(MaxMemory).LimitRecursion(MaxDepth).TimeoutInterval(MaxTime).Strict();
            options.Constraints.StackOverflowGuard = true; // the depth is that of one function: several that call each other exceed the stack before it
        });
        try
        {
            _engine.Modules.Add("jinja", JinjaLibrary.Source);
            _engine.Modules.Add("distil", """
                import { Template } from "jinja";
                export function compile(source) {
                  const template = new Template(source);
                  return (context) => template.render(JSON.parse(context));
                }
                """);
            var compile = _engine.Modules.Import("distil").Get("compile");
            _render = _engine.Invoke(compile, source);
            _renderMarked = AnswerMarks.In(source) ? _engine.Invoke(compile, AnswerMarks.Visible(source)) : null;
        }
        catch (Exception error) when (error is JintException or TimeoutException)
        {
            throw new InvalidInputException($"{path}: is not a template that can be used: {error.Message}", error);
        }
    }

    /// <value>Whether the template marks what the assistant generates, by <c>{% generation %}</c> and <c>{% endgeneration %}</c>.</value>
    public bool MarksAnswers => _renderMarked is not null;

    /// <summary>Reads the template of a model folder: <c>chat_template.jinja</c>, else <c>chat_template</c> of <c>tokenizer_config.json</c>.</summary>
    /// <returns>Null if the folder has none.</returns>
    /// <exception cref="InvalidInputException">A file is malformed, or the template is not valid.</exception>
    public static ChatTemplate? Find(string folder) =>
        ChatTemplateFiles.Find(folder) is var (path, source, tokens) ? new(path, source, tokens) : null;

    /// <summary>Renders a conversation.</summary>
    /// <param name="messages">Objects with <c>role</c> and <c>content</c>, and whatever else the template knows.</param>
    /// <param name="addGenerationPrompt">Whether the text ends where the assistant's next message begins.</param>
    /// <param name="extra">Further variables, for instance <c>tools</c> or <c>enable_thinking</c>; null for none.</param>
    /// <exception cref="InvalidInputException">The template refuses the messages, or exceeds a limit.</exception>
    public string Render(JsonArray messages, bool addGenerationPrompt, JsonObject? extra = null) => Run(_render, messages, addGenerationPrompt, extra);

    /// <summary>Renders a conversation and finds what the template marks as the assistant's.</summary>
    /// <inheritdoc cref="Render" path="/param"/>
    /// <returns>The text, as <see cref="Render"/> gives it without a generation prompt, and the marked parts in order.</returns>
    /// <exception cref="InvalidInputException">As for <see cref="Render"/>, or the text contains the characters that stand for marks.</exception>
    public (string Text, IReadOnlyList<Range> Answers) RenderMarked(JsonArray messages, JsonObject? extra = null)
    {
        var render = _renderMarked ?? throw new InvalidOperationException("the template has no marks");
        return AnswerMarks.Read(Run(render, messages, false, extra))
            ?? throw new InvalidInputException($"{_path}: the template cannot render these messages: its generation marks do not come in pairs, or the text contains U+FDD0 or U+FDD1");
    }

    private string Run(JsValue render, JsonArray messages, bool addGenerationPrompt, JsonObject? extra)
    {
        var context = (JsonObject)_specialTokens.DeepClone();
        foreach (var (name, value) in extra ?? [])
        {
            context[name] = value?.DeepClone();
        }

        context["messages"] = messages.DeepClone();
        context["add_generation_prompt"] = addGenerationPrompt;
        lock (_one)
        {
            try
            {
                return _engine.Invoke(render, context.ToJsonString()).AsString();
            }
            catch (Exception error) when (error is JintException or TimeoutException)
            {
                throw new InvalidInputException($"{_path}: the template cannot render these messages: {error.Message}", error);
            }
        }
    }
}
