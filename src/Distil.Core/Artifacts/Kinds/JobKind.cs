namespace Distil.Core.Artifacts.Kinds;

/// <summary>The kinds of job. Each makes the parts of one kind of artifact.</summary>
public enum JobKind
{
    /// <summary>Turns the text of one shard into rows of tokens.</summary>
    Prepare,

    /// <summary>Computes the teacher's sparse outputs for one shard.</summary>
    Teach,

    /// <summary>Trains one student for one epoch.</summary>
    Train,

    /// <summary>Makes a student whose weights are the weighted mean of other runs' students.</summary>
    Merge,

    /// <summary>Measures perplexity, KL and agreement of one epoch's weights.</summary>
    Evaluate,

    /// <summary>Writes the final model folder and the report.</summary>
    Export,
}
