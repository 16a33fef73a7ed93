using System.Text.Json;
using System.Text.Json.Nodes;

namespace Distil.Core.Endpoints;

/// <summary>The requests and answers of one kind of server. An answer of another form leads to an exception of <see cref="JsonElement"/>:
/// <see cref="InvalidOperationException"/>, <see cref="KeyNotFoundException"/>, <see cref="FormatException"/> or
/// <see cref="ArgumentOutOfRangeException"/>.</summary>
internal interface IEndpointProtocol
{
    /// <value>The path below the server's root.</value>
    string Resource { get; }

    /// <summary>Asks for the most probable tokens after each token of a row.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="tokens">The row.</param>
    /// <param name="count">Number of tokens for each position.</param>
    JsonObject RowRequest(string model, ReadOnlyMemory<int> tokens, int count);

    /// <summary>Asks for the tokens of a text.</summary>
    JsonObject TextRequest(string model, string text);

    /// <summary>Reads the answer to <see cref="RowRequest"/>.</summary>
    EndpointAnswer ReadRow(JsonElement answer);

    /// <summary>Reads the answer to <see cref="TextRequest"/>: the text's tokens.</summary>
    IReadOnlyList<int> ReadText(JsonElement answer);
}
