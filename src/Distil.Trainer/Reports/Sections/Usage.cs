using Distil.Core.Documents.Reports;
using Distil.Trainer.Reports.Markup;

namespace Distil.Trainer.Reports.Sections;

/// <summary>What the model is for, and the commands that use it.</summary>
internal static class Usage
{
    public static Html Of(RunReport report) => Html.Of($"""
        <section id="use"><h2>Using the model</h2>
        <div class="card">
        <p>It continues text of the kind that it was trained on ({Figures.Count(report.Dataset.TrainTokens)} tokens), in its teacher’s manner; it chats if its teacher is a
        chat model.{State(report)} It is no better than its teacher, and of what it was not trained on it knows only what its teacher’s embedding and head{(report.Student.InheritedParameters is null ? "" : " and the layers that it inherits")} contain:
        the numbers above are those of held-out text of the same kind.</p>
        <pre tabindex="0">distil generate --run {report.RunId} --prompt "…"      # continue a text
        distil chat --run {report.RunId}                      # talk to it, if its teacher is a chat model
        distil serve --model .distil/runs/{report.RunId}/model   # OpenAI’s API for any client</pre>
        <p class="note">In a clone the command is ./distil. The model’s folder ({Figures.Bytes(report.Storage.ModelBytes)}) is all that is needed: it runs on the CPU, without torch.</p>
        </div></section>

        """);

    private static string State(RunReport report) => report.Decode.Count == 0
        ? ""
        : $" Its state has {Figures.Bytes(report.Decode[^1].Student.StateBytes)} however long the text is, so a long text costs no more for each token than a short one.";
}
