using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Specification;
using Distil.Core.Tests.Runs;

namespace Distil.Core.Tests.Models;

public sealed class StudentShapeTests
{
    [Fact]
    public void Heads_are_the_teachers_rounded_up_to_a_multiple_of_4_and_every_second_block_is_sLSTM()
    {
        var shape = StudentShape.Of(new StudentSpec(), Shapes.Teacher(width: 896, heads: 14));
        Assert.Equal(16, shape.Heads);
        Assert.Equal([0, 2, 4], shape.SlstmAt);
        Assert.Equal((1792, 1536), (shape.InnerWidth, shape.FeedForwardWidth));
    }

    [Fact]
    public void Heads_that_do_not_divide_the_width_are_named_with_some_that_do()
    {
        var teacher = Shapes.Teacher(width: 160, heads: 9);
        Assert.Equal(
            "student.heads is 7; expected a divisor of the teacher's width 160 and of the mLSTM's inner width 320, for instance 8",
            Assert.Throws<InvalidInputException>(() => StudentShape.Of(new StudentSpec { Heads = 7 }, teacher)).Message);
        Assert.StartsWith(
            "student.heads is by default the teacher's 9 rounded up to 12; expected a divisor",
            Assert.Throws<InvalidInputException>(() => StudentShape.Of(new StudentSpec(), teacher)).Message);
    }

    [Fact]
    public void A_qkv_block_that_does_not_divide_the_inner_width_is_named() =>
        Assert.Equal("student.qkvBlockSize is 5; expected a divisor of the mLSTM's inner width 128",
            Assert.Throws<InvalidInputException>(() => StudentShape.Of(new StudentSpec { QkvBlockSize = 5 }, Shapes.Teacher(64, 4))).Message);
}
