namespace Distil.Trainer.TeacherOutputs;

/// <summary>How much is kept of the distributions of a row.</summary>
/// <param name="Positions">Real positions.</param>
/// <param name="Tokens">Tokens kept at all of them.</param>
/// <param name="Most">Largest number kept at one.</param>
/// <param name="Capped">Positions where the cap cut the nucleus short.</param>
internal readonly record struct KeptTokens(int Positions, long Tokens, int Most, int Capped);
