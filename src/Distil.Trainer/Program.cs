using System.CommandLine;
using Distil.Trainer.Commands;

return new RootCommand("Distil's trainer.") { StoriesCommand.Create() }.Parse(args).Invoke();
