namespace Distil.Trainer.TeacherOutputs;

/// <summary>Counts of the tokens kept from the distributions of a row.</summary>
/// <param name="Positions">Number of real positions.</param>
/// <param name="Tokens">Number of tokens kept at all of them.</param>
/// <param name="Most">Largest number kept at one position.</param>
/// <param name="Capped">Number of positions at which the cap cut the nucleus short.</param>
internal readonly record struct KeptTokens(int Positions, long Tokens, int Most, int Capped);
