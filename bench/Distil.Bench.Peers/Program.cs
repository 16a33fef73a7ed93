using System.CommandLine;
using Distil.Bench.Peers;
using LLama.Native;

var threads = new Option<int>("--threads") { Description = "Threads of each.", DefaultValueFactory = _ => Environment.ProcessorCount };
var tokens = new Option<int>("--tokens") { Description = "Tokens that each decodes in a round, after a quarter as many that do not count.", DefaultValueFactory = _ => 24 };
var rounds = new Option<int>("--rounds") { Description = "Rounds; in each, all decode one after the other.", DefaultValueFactory = _ => 5 };
var avx = new Option<AvxLevel>("--llama-avx") { Description = "Which of llama.cpp's builds.", DefaultValueFactory = _ => AvxLevel.Avx512 };
var command = new RootCommand("Decoding on the CPU with the paper's student (some 5 GB of memory): Distil, llama.cpp and ONNX Runtime, one text, no sampling.") { threads, tokens, rounds, avx };
command.SetAction(parsed =>
{
    NativeLibraryConfig.All.WithCuda(false).WithVulkan(false).WithAvx(parsed.GetValue(avx)).WithLogCallback((_, _) => { });
    PeerRounds.Run(parsed.GetValue(threads), parsed.GetValue(tokens), parsed.GetValue(rounds));
});
return command.Parse(args).Invoke();
