using System.Runtime.InteropServices;
using Distil.Core.Errors;
using Distil.Core.Jobs;
using Distil.Trainer.Jobs;
using Distil.Trainer.Training;

namespace Distil.Trainer.Tests.Jobs;

public sealed class FailuresTests
{
    public static TheoryData<Exception, bool, FailureClass> Cases => new()
    {
        { new InvalidInputException("bad"), false, FailureClass.InvalidInput },
        { new NonFiniteTrainingException(7, double.NaN, 1e-3, 5), false, FailureClass.InvalidInput },
        { new OperationCanceledException(), true, FailureClass.Preempted },
        { new OperationCanceledException(), false, FailureClass.Transient },
        { new OutOfMemoryException(), false, FailureClass.OutOfMemory },
        { new ExternalException("CUDA out of memory. Tried to allocate 2.00 GiB\nmore"), false, FailureClass.OutOfMemory },
        { new ExternalException("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"), false, FailureClass.OutOfMemory },
        { new ExternalException("mat1 and mat2 shapes cannot be multiplied"), false, FailureClass.Transient },
        { new IOException("disk"), false, FailureClass.Transient },
        { new IOException("No space left on device", 28), false, FailureClass.DiskFull },
        { new Azure.RequestFailedException(507, "There is no space left\nmore"), false, FailureClass.DiskFull },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Each_cause_has_its_class_and_one_line_that_names_it(Exception error, bool stopped, FailureClass expected)
    {
        var failure = Failures.Of(error, stopped);
        Assert.Equal(expected, failure.Class);
        Assert.DoesNotContain('\n', failure.Message);
        Assert.NotEmpty(failure.Message);
    }
}
