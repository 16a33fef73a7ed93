namespace Distil.Core.Tokenization;

/// <summary>A token that is found in the text before it is split into words (<c>added_tokens</c> of tokenizer.json).</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="SingleWord">Whether it is found only if no word character is next to it.</param>
/// <param name="LeftStrip">Whether it includes the white space before it.</param>
/// <param name="RightStrip">Whether it includes the white space after it.</param>
/// <param name="Normalized">Whether it is searched in the normalised text instead of the original text.</param>
public sealed record AddedToken(int Id, string Content, bool SingleWord, bool LeftStrip, bool RightStrip, bool Normalized);
