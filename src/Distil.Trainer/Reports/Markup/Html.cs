using System.Net;
using System.Runtime.CompilerServices;
using System.Text;

namespace Distil.Trainer.Reports.Markup;

/// <summary>A piece of HTML. It can only be created from literals and escaped values, so that no text of a user becomes markup.</summary>
internal readonly record struct Html(string Markup)
{
    /// <value>An empty piece.</value>
    public static Html None { get; } = new("");

    /// <summary>Creates HTML from an interpolated string: literals are unchanged, text values are escaped, HTML values are inserted.</summary>
    public static Html Of(HtmlInterpolation html) => new(html.ToString());

    /// <summary>Concatenates pieces.</summary>
    public static Html Join(IEnumerable<Html> pieces) => new(string.Concat(pieces.Select(piece => piece.Markup)));

    /// <summary>Returns the piece for a value, or nothing if the value is null.</summary>
    public static Html When<T>(T? value, Func<T, Html> piece)
        where T : class => value is null ? None : piece(value);
}

/// <summary>Builds the string of <see cref="Html.Of"/>.</summary>
[InterpolatedStringHandler]
internal readonly struct HtmlInterpolation(int literalLength, int formattedCount)
{
    private readonly StringBuilder _text = new(literalLength + (formattedCount * 32));

    public void AppendLiteral(string literal) => _text.Append(literal);

    public void AppendFormatted(string? text) => _text.Append(WebUtility.HtmlEncode(text));

    public void AppendFormatted(int number) => _text.Append(Figures.Count(number));

    public void AppendFormatted(Html html) => _text.Append(html.Markup);

    public void AppendFormatted(IEnumerable<Html> pieces) => _text.Append(Html.Join(pieces).Markup);

    public override string ToString() => _text.ToString();
}
