using Distil.Core.Errors;

namespace Distil.Core.Models.Folders;

/// <summary>Reads which layers of a config.json have a sliding window: <c>sliding_window</c>, <c>use_sliding_window</c>, <c>layer_types</c>.</summary>
internal static class WindowFields
{
    private const string Types = "layer_types", Window = "sliding_window", InUse = "use_sliding_window";
    private const string Full = "full_attention", Sliding = "sliding_attention";

    /// <summary>The default of max_window_layers in transformers.</summary>
    private const int DefaultWindowLayers = 28;

    /// <summary>Reads the window of each layer, in tokens, 0 for none.</summary>
    /// <param name="document">The file.</param>
    /// <param name="traits">The family's traits.</param>
    /// <param name="layers">Number of layers.</param>
    /// <param name="unrotated">Layers without a rotary embedding.</param>
    /// <returns>Null if no layer has a window.</returns>
    /// <exception cref="InvalidInputException">A field is ill-typed, or contradicts another.</exception>
    public static ValueList<int>? Read(ConfigDocument document, FamilyTraits traits, int layers, IReadOnlyList<int> unrotated)
    {
        var window = WidthOf(document, traits.Windows);
        var slides = Slides(document, traits.Windows, layers, window is not null, unrotated);
        if (window is null && slides.Contains(true))
        {
            throw document.Wrong(document.Has(InUse) ? InUse : Window, $"a window, because {Types} names {Sliding}");
        }

        return slides.Contains(true) ? new(slides.Select(has => has ? window!.Value : 0)) : null;
    }

    private static int? WidthOf(ConfigDocument document, WindowRule rule)
    {
        if (rule == WindowRule.Never)
        {
            document.RequireNeutral(InUse, "false");
            document.Ignore(["max_window_layers"]);
            return null;
        }

        if (rule is WindowRule.FromLayer or WindowRule.AllIfUsed or WindowRule.Unrotated)
        {
            var inUse = document.Flag(InUse, false);
            document.Ignore(["max_window_layers", Window]);
            return inUse && document.Has(Window) ? document.Count(Window) : null;
        }

        document.RequireNeutral(InUse, "true", "false");
        return document.Has(Window) ? document.Count(Window)
            : document.IsNull(Window) ? null
            : throw document.Wrong(Window, "a whole number ≥ 1, or null for no window");
    }

    private static bool[] Slides(ConfigDocument document, WindowRule rule, int layers, bool hasWindow, IReadOnlyList<int> unrotated)
    {
        var usual = Enumerable.Range(0, layers).Select(layer => rule switch
        {
            WindowRule.Never => false,
            WindowRule.FromLayer => hasWindow && layer >= document.Count("max_window_layers", DefaultWindowLayers, least: 0),
            WindowRule.EverySecond => layer % 2 == 0,
            WindowRule.ButEverySixth => (layer + 1) % PatternOf(document) != 0,
            WindowRule.Unrotated => hasWindow && unrotated.Contains(layer),
            _ => hasWindow,
        }).ToArray();
        if (document.Texts(Types) is not { } types)
        {
            return usual;
        }

        if (types.Any(type => type is not (Full or Sliding)))
        {
            throw document.Wrong(Types, $"{Full} or {Sliding}");
        }

        if (types.Count != layers)
        {
            throw document.Wrong(Types, $"one for each of num_hidden_layers {layers}");
        }

        var named = types.Select(type => type == Sliding).ToArray();
        document.Ignore([Window, "max_window_layers", "sliding_window_pattern", "_sliding_window_pattern"]);
        return rule is not (WindowRule.Never or WindowRule.All or WindowRule.AllIfUsed) || named.SequenceEqual(usual)
            ? named
            : throw document.Wrong(Types, $"{(hasWindow ? Sliding : Full)} in every layer, because the family has one kind of attention");
    }

    private static int PatternOf(ConfigDocument document) =>
        document.Count(document.Has("sliding_window_pattern") ? "sliding_window_pattern" : "_sliding_window_pattern", 6);
}
