using System.Text.Json;
using System.Text.Json.Serialization;
using Distil.Core.Errors;

namespace Distil.Core;

/// <summary>Writes numbers, and names the first that JSON cannot represent.</summary>
internal sealed class FiniteNumbers : JsonConverter<double>
{
    /// <inheritdoc />
    public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDouble();

    /// <inheritdoc />
    /// <exception cref="InvalidInputException">The number is infinite or not a number.</exception>
    public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
    {
        if (!double.IsFinite(value))
        {
            throw new InvalidInputException($"a result is {value}, which JSON cannot represent; expected finite numbers");
        }

        writer.WriteNumberValue(value);
    }
}
