using System.Text.Json.Nodes;
using Distil.Hosting.Http;
using Distil.Inference.Answers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Distil.Cli.Serving.OpenAi;

/// <summary>The endpoints of OpenAI's API that a model answers.</summary>
internal sealed class CompletionEndpoints(ModelServerOptions options)
{
    /// <summary>Maps the endpoints of a server that has one model.</summary>
    internal void Map(IEndpointRouteBuilder routes, StudentModel model)
    {
        routes.MapGet("/v1/models", () => Json(new JsonObject { ["object"] = "list", ["data"] = new JsonArray(Description(model)) }));
        routes.MapGet("/v1/models/{name}", (string name) => name == model.Name ? Json(Description(model)) : throw Unknown(name, model));
        routes.MapPost("/v1/chat/completions", http => ChatAsync(http, model));
        routes.MapPost("/v1/completions", http => CompleteAsync(http, model));
        routes.MapGet("/health", () => Json(new JsonObject { ["status"] = "ok" }));
        routes.MapGet("/metrics", () => Results.Text(ModelMetrics.Text(model.Scheduler.Figures), "text/plain; version=0.0.4"));
    }

    /// <summary>Answers a chat.</summary>
    internal async Task ChatAsync(HttpContext http, StudentModel model)
    {
        var fields = await ReadAsync(http, model);
        var request = GenerationRequest.Read(fields, chat: true, options.MaxTokens);
        var template = model.Template ?? throw new OpenAiException(
            400, $"{model.Name} has no chat template, so it cannot answer chats; expected a request to /v1/completions", "messages", "no_chat_template");
        await AnswerAsync(http, model, new ChatForm(), request, model.Tokenizer.Encode(ChatMessages.Render(fields, template)));
    }

    /// <summary>Continues a text.</summary>
    internal async Task CompleteAsync(HttpContext http, StudentModel model)
    {
        var fields = await ReadAsync(http, model);
        await AnswerAsync(http, model, new CompletionForm(), GenerationRequest.Read(fields, chat: false, options.MaxTokens), Prompts.Read(fields, model.Tokenizer));
    }

    /// <summary>A document as an answer.</summary>
    internal static IResult Json(JsonObject body) => Results.Text(body.ToJsonString(), "application/json");

    private async Task<RequestFields> ReadAsync(HttpContext http, StudentModel model)
    {
        var fields = RequestFields.Parse(await JsonBody.ReadAsync(http.Request, options.MaxBodyBytes, http.RequestAborted));
        var name = fields.Text("model") ?? throw new OpenAiException(400, $"model is missing; expected {model.Name}", "model");
        return name == model.Name ? fields : throw Unknown(name, model);
    }

    private async Task AnswerAsync(HttpContext http, StudentModel model, IAnswerForm form, GenerationRequest request, IReadOnlyList<int> prompt)
    {
        if (prompt.Count > options.MaxPromptTokens)
        {
            throw new OpenAiException(
                400, $"the prompt has {prompt.Count} tokens; expected at most {options.MaxPromptTokens}", code: "context_length_exceeded");
        }

        var answer = new Answer(model, form, model.Answer(request.Answer with { Prompt = prompt }), request);
        if (request.Stream)
        {
            await answer.StreamAsync(http.Response, http.RequestAborted);
        }
        else
        {
            await Json(await answer.WholeAsync(http.RequestAborted)).ExecuteAsync(http);
        }
    }

    private static JsonObject Description(StudentModel model) => new()
    {
        ["id"] = model.Name, ["object"] = "model", ["created"] = model.Opened.ToUnixTimeSeconds(), ["owned_by"] = "distil",
    };

    private static OpenAiException Unknown(string name, StudentModel model) => new(404, $"the model {name} does not exist; this server has {model.Name}", "model", "model_not_found");
}
