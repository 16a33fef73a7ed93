using System.CommandLine;
using Distil.Core.Specification;
using Distil.Trainer.Torch;

namespace Distil.Bench.Gpu;

/// <summary><c>linearised</c>: trains students of a teacher on rows of tokens and prints how close they come, a JSON line each.</summary>
internal static class LinearisedCommand
{
    private static readonly StudentSpec
        Recurrent = new() { Kind = StudentKind.Linearised, Window = 0 },
        Windowed = new() { Kind = StudentKind.Linearised, Window = 64, OutputGate = false },
        Wide = new() { Kind = StudentKind.Linearised, Window = 128 };

    /// <summary>The first four are the prototype's; the others compare both kinds on a teacher of a real size.</summary>
    private static readonly StudentTrial[] Trials =
    [
        new("W 0 output gate") { Student = Recurrent, Rate = 3e-3 },
        new("W 0") { Student = Recurrent with { OutputGate = false }, Rate = 3e-3 },
        new("W 64") { Student = Windowed, Rate = 1e-3 },
        new("W 64 window left out 0.9") { Student = Windowed, Rate = 1e-3, WindowDropout = 0.9 },
        new("xlstm") { Student = new() { Heads = 4 }, Distillation = new() },
        new("W 0, default rates") { Student = Recurrent },
        new("W 0, default rates, embedding trained") { Student = Recurrent with { TrainEmbedding = true } },
        new("W 128, default rates") { Student = Wide },
        new("W 128, default rates, window left out 0.9") { Student = Wide, WindowDropout = 0.9 },
        new("control"),
    ];

    internal static Command Create()
    {
        var data = new Argument<string>("data")
        {
            Description = "Folder with teacher/, train.jsonl and eval.jsonl: rows of one length, {\"ids\": […]} each; also tasks/*.jsonl if there are tasks.",
        };
        var device = new Option<ComputeDevice>("--device") { Description = "auto (CUDA if present), cpu or cuda." };
        var only = new Option<string[]>("--only")
        {
            Description = $"Which students: {string.Join("; ", Trials.Select(trial => trial.Name))}. Default: the first four.",
            DefaultValueFactory = _ => [.. Trials.Take(4).Select(trial => trial.Name)],
            AllowMultipleArgumentsPerToken = true,
        };
        only.AcceptOnlyFromAmong([.. Trials.Select(trial => trial.Name)]);
        var rate = new Option<double?>("--rate") { Description = "Learning rate of all weights in the place of each student's own." };
        var newRate = new Option<double?>("--new-rate") { Description = "Learning rate of new weights, if not --rate." };
        var quantize = new Option<WeightForm?>("--quantize") { Description = "Train linearised students with weights rounded to int8 or int4 after their alignment." };
        var forms = new Option<WeightForm[]>("--forms")
        {
            Description = "Forms of linearised students' weights that are measured against the exact ones.", AllowMultipleArgumentsPerToken = true,
        };
        var endRate = new Option<double>("--end-rate") { Description = "Share of the learning rate at which its cosine ends." };
        var features = new Option<FeatureMap?>("--feature-map") { Description = "Linearised students' features in the place of the default." };
        var window = new Option<int?>("--window") { Description = "Linearised students' window in the place of their own." };
        var alignment = new Option<double?>("--alignment") { Description = "Share of the steps that linearised students spend on the alignment." };
        var alpha = new Option<double?>("--alpha") { Description = "Weight of the KL in linearised students' loss, 0-1." };
        var forgetTo = new Option<double?>("--forget-to") { Description = "The forget gate of the last head at the start, before its sigmoid." };
        var memory = new Option<double?>("--memory") { Description = "Share of the memory in the mix with the window at the start." };
        var batch = new Option<int>("--batch") { Description = "Rows of a step.", DefaultValueFactory = _ => 32 };
        var epochs = new Option<int>("--epochs") { Description = "Passes over the rows.", DefaultValueFactory = _ => 4 };
        var seed = new Option<int>("--seed") { Description = "Seed of the order of rows, and of a new stack's weights.", DefaultValueFactory = _ => 1 };
        var precision = new Option<Precision>("--precision") { Description = "Arithmetic of student and teacher: fp32 (default) or bf16." };
        var recall = new Option<int[]>("--recall") { Description = "Lengths at which recall is measured.", AllowMultipleArgumentsPerToken = true };
        var dense = new Option<bool>("--dense") { Description = "Train on the teacher's whole distributions instead of their stored form." };
        var command = new Command("linearised", "Train students on real text and print their held-out loss, KL and agreement.")
        {
            data, device, only, rate, newRate, endRate, batch, epochs, seed, precision, quantize, forms, recall, dense,
            features, window, alignment, alpha, forgetTo, memory,
        };
        command.SetAction(parsed =>
        {
            using var trials = new StudentTrials(parsed.GetRequiredValue(data), TorchDevice.Of(parsed.GetValue(device)), new()
            {
                Batch = parsed.GetValue(batch), Epochs = parsed.GetValue(epochs), Seed = parsed.GetValue(seed), Precision = parsed.GetValue(precision),
                Dense = parsed.GetValue(dense), Forms = parsed.GetValue(forms) ?? [], Recall = parsed.GetValue(recall) ?? [],
            });
            var names = parsed.GetRequiredValue(only);
            foreach (var trial in Trials.Where(trial => names.Contains(trial.Name)))
            {
                trials.Run(trial with
                {
                    Student = Changed(trial.Student), AlignmentShare = parsed.GetValue(alignment),
                    Distillation = parsed.GetValue(alpha) is { } kl ? trial.Distillation with { Alpha = new() { From = kl, To = kl } } : trial.Distillation,
                    Rate = parsed.GetValue(rate) ?? trial.Rate, NewRate = parsed.GetValue(newRate), EndRate = parsed.GetValue(endRate),
                    Quantize = parsed.GetValue(quantize),
                });
            }

            StudentSpec? Changed(StudentSpec? student) => student is not { Kind: StudentKind.Linearised } ? student : student with
            {
                FeatureMap = parsed.GetValue(features) ?? student.FeatureMap, Window = parsed.GetValue(window) ?? student.Window,
                Gates = student.Gates with { ForgetTo = parsed.GetValue(forgetTo) ?? student.Gates.ForgetTo, Memory = parsed.GetValue(memory) ?? student.Gates.Memory },
            };
        });
        return command;
    }
}
