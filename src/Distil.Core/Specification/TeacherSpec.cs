using System.ComponentModel.DataAnnotations;

namespace Distil.Core.Specification;

/// <summary>The teacher, and which part of its outputs is stored.</summary>
public sealed record TeacherSpec
{
    /// <value>A Hugging Face folder (config.json, safetensors, tokenizer.json): local, <c>hf://owner/name[@revision][/folder]</c> or <c>https://…</c>.</value>
    [MinLength(1)]
    public required string Path { get; init; }

    /// <value>Offline stores the outputs once and trains from them; online runs the teacher in each step. Default offline.</value>
    public TeacherMode Mode { get; init; } = TeacherMode.Offline;

    /// <value>A server that computes the stored outputs, for a teacher that is served already. Default: absent, a job on the run's machine computes
    /// them.</value>
    public EndpointSpec? Endpoint { get; init; }

    /// <value>Which part of each distribution is stored.</value>
    public KeepSpec Keep { get; init; } = new();
}

/// <summary>When the teacher runs.</summary>
public enum TeacherMode
{
    /// <summary>Once, before training; its sparse outputs are stored.</summary>
    Offline,

    /// <summary>Inside every training step; nothing is stored.</summary>
    Online,
}
