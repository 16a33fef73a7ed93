using System.Collections;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Sources;
using Parquet.Serialization;

namespace Distil.Trainer.Datasets.Sources;

/// <summary>Streams whole rows of a Parquet file, with lists and structures, as JSON. One row group is in memory at a time.</summary>
/// <param name="open">Opens files.</param>
internal sealed class ParquetRows(SourceOpener open)
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Returns the rows of the row groups that begin in the range.</summary>
    /// <exception cref="InvalidInputException">The file is damaged or no Parquet file.</exception>
    internal IEnumerable<ParquetRow> Read(SourceRange range)
    {
        using var file = new ParquetSource(open, range);
        foreach (var group in file.Groups())
        {
            var rows = file.Try(() => RowsAsync(file, group));
            for (var i = 0; i < rows.Count; i++)
            {
                var row = rows[i];
                var place = $"{range.Name}: row {(group.FirstRow + i).ToString(CultureInfo.InvariantCulture)}";
                var json = file.Try(() => Task.FromResult(JsonSerializer.SerializeToUtf8Bytes(Node(row), Relaxed)));
                yield return new(json, problem => $"{place}: {problem}", group.Read);
            }
        }
    }

    private static async Task<IReadOnlyList<object>> RowsAsync(ParquetSource file, ParquetGroup group)
    {
        foreach (var chunk in group.Rows.RowGroup.Columns)
        {
            if (chunk.MetaData is { } column)
            {
                file.Check(column);
            }
        }

        file.Bytes.Position = 0;
        var read = await ParquetSerializer.DeserializeUntypedAsync(new FiniteStream(file.Bytes), rowGroupIndex: group.Index);
        return [.. read.Data];
    }

    private static JsonNode? Node(object? value) => value switch
    {
        null => null,
        string text => JsonValue.Create(text),
        bool flag => JsonValue.Create(flag),
        IReadOnlyDictionary<string, object?> row => Object(row.Select(field => (field.Key, field.Value))),
        IDictionary structure => Object(structure.Keys.Cast<object>().Select(key => (Convert.ToString(key, CultureInfo.InvariantCulture)!, structure[key]))),
        byte[] bytes => JsonValue.Create(Convert.ToBase64String(bytes)),
        IEnumerable list => new JsonArray([.. list.Cast<object?>().Select(Node)]),
        float number => JsonValue.Create(number),
        double number when double.IsFinite(number) => JsonValue.Create(number),
        sbyte or byte or short or ushort or int or uint or long => JsonValue.Create(Convert.ToInt64(value, CultureInfo.InvariantCulture)),
        _ => JsonValue.Create(Convert.ToString(value, CultureInfo.InvariantCulture)),
    };

    private static JsonObject Object(IEnumerable<(string Name, object? Value)> fields) =>
        new(fields.Select(field => KeyValuePair.Create(field.Name, Node(field.Value))));
}

/// <summary>A row of a Parquet file.</summary>
/// <param name="Json">The row as a JSON object, UTF-8.</param>
/// <param name="Complaint">Adds the row's place to a message.</param>
/// <param name="Read">Bytes of the range up to the end of its row group.</param>
internal sealed record ParquetRow(ReadOnlyMemory<byte> Json, Func<string, string> Complaint, long Read);
