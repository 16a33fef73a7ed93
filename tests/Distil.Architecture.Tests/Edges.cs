using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Distil.Architecture.Tests;

/// <summary>A type that uses a type of another room of its assembly.</summary>
/// <param name="From">Full name of the using type.</param>
/// <param name="FromRoom">Its room.</param>
/// <param name="To">Full name of the used type.</param>
/// <param name="ToRoom">Its room.</param>
internal sealed record Edge(string From, string FromRoom, string To, string ToRoom);

/// <summary>Reads from an assembly's metadata and IL which room uses which.</summary>
/// <remarks>A room is a namespace directly below the assembly's own; its sub-namespaces belong to it. The own namespace is the room
/// <see cref="Root"/>.</remarks>
internal static class Edges
{
    /// <summary>The room of the types that are in the assembly's own namespace.</summary>
    internal const string Root = "(root)";

    /// <summary>The rooms of an assembly.</summary>
    internal static IReadOnlySet<string> Rooms(ModuleDefinition module) => module.GetTypes().Select(type => RoomOf(type, module)).OfType<string>().ToHashSet();

    /// <summary>Each use of a type of another room, once for each pair of types.</summary>
    internal static IEnumerable<Edge> Of(ModuleDefinition module) =>
        (from type in module.GetTypes()
         let room = RoomOf(type, module)
         where room is not null
         from used in Used(type).SelectMany(Parts)
         where used.Scope == module
         let usedRoom = RoomOf(used, module)
         where usedRoom is not null && usedRoom != room
         select new Edge(Outermost(type).FullName, room, Outermost(used).FullName, usedRoom)).Distinct();

    // Null for what the compiler puts elsewhere: generated regular expressions, anonymous types.
    private static string? RoomOf(TypeReference type, ModuleDefinition module)
    {
        var project = module.Assembly.Name.Name;
        var name = Outermost(type).Namespace;
        return name == project ? Root : name.StartsWith(project + ".", StringComparison.Ordinal) ? name[(project.Length + 1)..].Split('.')[0] : null;
    }

    private static TypeReference Outermost(TypeReference type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    private static IEnumerable<TypeReference?> Used(TypeDefinition type) =>
        [
            type.BaseType,
            .. type.Interfaces.Select(each => each.InterfaceType),
            .. Attributes(type),
            .. Constraints(type),
            .. type.Fields.SelectMany(field => Attributes(field).Append(field.FieldType)),
            .. type.Properties.SelectMany(Attributes),
            .. type.Methods.SelectMany(Used),
        ];

    private static IEnumerable<TypeReference?> Used(MethodDefinition method)
    {
        IEnumerable<TypeReference?> signature =
            [.. Signature(method), .. Attributes(method), .. Constraints(method), .. method.Parameters.SelectMany(Attributes)];
        return !method.HasBody
            ? signature
            :
            [
                .. signature,
                .. method.Body.Variables.Select(variable => variable.VariableType),
                .. method.Body.ExceptionHandlers.Select(handler => handler.CatchType),
                .. method.Body.Instructions.SelectMany(Used),
            ];
    }

    private static IEnumerable<TypeReference?> Used(Instruction instruction) => instruction.Operand switch
    {
        TypeReference type => [type],
        FieldReference field => [field.DeclaringType, field.FieldType],
        MethodReference method => [method.DeclaringType, .. Signature(method), .. method is GenericInstanceMethod generic ? generic.GenericArguments : []],
        _ => [],
    };

    private static IEnumerable<TypeReference> Signature(MethodReference method) =>
        method.Parameters.Select(parameter => parameter.ParameterType).Append(method.ReturnType);

    private static IEnumerable<TypeReference> Attributes(ICustomAttributeProvider provider) =>
        provider.CustomAttributes.Select(attribute => attribute.AttributeType);

    private static IEnumerable<TypeReference> Constraints(IGenericParameterProvider provider) =>
        provider.GenericParameters.SelectMany(parameter => parameter.Constraints).Select(constraint => constraint.ConstraintType);

    // List<Run[]> is List, Run[] and Run.
    private static IEnumerable<TypeReference> Parts(TypeReference? type) => type switch
    {
        null or GenericParameter => [],
        GenericInstanceType generic => [generic.ElementType, .. generic.GenericArguments.SelectMany(Parts)],
        TypeSpecification of => Parts(of.ElementType),
        _ => [type],
    };
}
