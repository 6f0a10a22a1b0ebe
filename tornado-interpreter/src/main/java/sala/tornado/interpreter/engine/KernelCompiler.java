package sala.tornado.interpreter.engine;

import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_void;
import static java.lang.constant.ConstantDescs.INIT_NAME;
import static java.lang.constant.ConstantDescs.MTD_void;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.ExceptionCatch;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.NewMultiArrayInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.AccessFlag;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import sala.tornado.interpreter.InterpreterException;

/**
 * Makes a kernel ready: collects the static methods it calls, rewrites them for the interpreter and loads them as one
 * hidden class beside the kernel's own.
 */
final class KernelCompiler {
    private static final ClassDesc OBJECT_ARRAY = CD_Object.arrayType();
    private static final ClassDesc BODY = KernelBody.class.describeConstable().orElseThrow();
    private static final ClassDesc LANES =
            LaneSequence.class.describeConstable().orElseThrow();

    private final KernelMethod kernel;
    private final boolean checks;
    private final Map<String, ClassModel> classes = new HashMap<>();
    private final Map<String, MethodUnit> units = new HashMap<>();
    private final List<MethodUnit> unitsInOrder = new ArrayList<>();
    private final Deque<String> path = new ArrayDeque<>();
    private final List<Site> sites = new ArrayList<>();
    private final BitSet written = new BitSet();
    private boolean writesUnknown;
    private boolean atomics;

    private KernelCompiler(KernelMethod kernel, boolean checks) {
        this.kernel = kernel;
        this.checks = checks;
    }

    static KernelProgram compile(KernelMethod kernel, boolean checks) {
        return new KernelCompiler(kernel, checks).program();
    }

    private KernelProgram program() {
        int parameters = kernel.type().parameterCount();
        MethodUnit main = unit(
                kernel.owner().describeConstable().orElseThrow(),
                kernel.name(),
                kernel.type(),
                IntStream.range(0, parameters).toArray());
        if (writesUnknown) {
            written.set(0, parameters);
        }
        List<String> names = new ArrayList<>();
        int slot = 0;
        for (int i = 0; i < parameters; i++) {
            names.add(main.variableName(slot, main.elements().size() - 1, "argument " + i));
            slot += TypeKind.from(kernel.type().parameterType(i)).slotSize();
        }
        boolean usesContext = kernel.type().parameterList().stream().anyMatch(ApiMembers::isContext);
        return new KernelProgram(kernel, load(main), names, sites, main.waits(), atomics, usesContext, written);
    }

    boolean checks() {
        return checks;
    }

    int addSite(MethodUnit unit, int index, String what) {
        sites.add(new Site(unit.displayName(), unit.line(index), what));
        return sites.size() - 1;
    }

    private MethodUnit unit(ClassDesc owner, String name, MethodTypeDesc type, int[] kernelParameters) {
        String method = owner.descriptorString() + name + type.descriptorString();
        if (path.contains(method)) {
            throw unsupported(owner.displayName() + "." + name, 0, "is called from itself: kernels cannot recurse");
        }
        String key = method + java.util.Arrays.toString(kernelParameters);
        MethodUnit known = units.get(key);
        if (known != null) {
            return known;
        }
        MethodModel model = classModel(owner).methods().stream()
                .filter(candidate -> candidate.methodName().stringValue().equals(name))
                .filter(candidate -> candidate.methodTypeSymbol().equals(type))
                .findFirst()
                .orElseThrow(() -> unsupported(owner.displayName() + "." + name, 0, "is not found in its class"));
        String displayName = owner.displayName() + "." + name;
        MethodUnit unit = new MethodUnit(
                displayName,
                name.replace('<', '_').replace('>', '_') + "$" + units.size(),
                type,
                kernelParameters,
                model.code().orElseThrow(() -> unsupported(displayName, 0, "has no code")));
        units.put(key, unit);
        path.push(method);
        survey(unit);
        path.pop();
        unitsInOrder.add(unit);
        return unit;
    }

    /** Looks at every instruction: what is called, what is written, what a kernel must not do. */
    private void survey(MethodUnit unit) {
        for (int i = 0; i < unit.elements().size(); i++) {
            CodeElement element = unit.elements().get(i);
            Frame frame = unit.frame(i);
            if (frame == null) {
                continue;
            }
            switch (element) {
                case InvokeInstruction call -> surveyCall(unit, i, call, frame);
                case InvokeDynamicInstruction _ ->
                    throw unsupported(
                            unit.displayName(), unit.line(i), "makes a lambda or joins strings: kernels cannot");
                case FieldInstruction field
                when field.opcode() == Opcode.PUTSTATIC ->
                    throw unsupported(
                            unit.displayName(),
                            unit.line(i),
                            "writes the static field " + field.name().stringValue() + ": kernels cannot");
                case ExceptionCatch _ ->
                    throw unsupported(unit.displayName(), unit.line(i), "catches exceptions: kernels cannot");
                case NewMultiArrayInstruction _ ->
                    throw unsupported(
                            unit.displayName(), unit.line(i), "makes an array of several dimensions: kernels cannot");
                default -> {}
            }
        }
    }

    private void surveyCall(MethodUnit unit, int index, InvokeInstruction call, Frame frame) {
        String owner = call.owner().asInternalName();
        String name = call.name().stringValue();
        if (ApiMembers.isContext(call.owner().asSymbol())) {
            if (ApiMembers.waits(name)) {
                unit.setWaits();
            }
            if (name.equals("atomicAdd")) {
                atomics = true;
                markWritten(unit, frame.fromTop(2));
            }
            if (name.equals("mmaStore") || name.equals("mmaStoreInt")) {
                markWritten(unit, frame.fromTop(3));
            }
            return;
        }
        if (call.opcode() == Opcode.INVOKESTATIC && !ApiMembers.isOutside(owner)) {
            int parameters = call.typeSymbol().parameterCount();
            int[] kernelParameters = new int[parameters];
            for (int i = 0; i < parameters; i++) {
                kernelParameters[i] = unit.kernelParameter(frame.fromTop(parameters - 1 - i));
            }
            unit.setCallee(index, unit(call.owner().asSymbol(), name, call.typeSymbol(), kernelParameters));
            return;
        }
        if (ApiMembers.isArray(owner) && call.opcode() == Opcode.INVOKEVIRTUAL) {
            ApiMembers.access(call)
                    .ifPresentOrElse(
                            access -> {
                                if (access.write()) {
                                    markWritten(unit, frame.fromTop(2));
                                }
                            },
                            () -> {
                                if (!ApiMembers.tellsSize(name)) {
                                    throw unsupported(
                                            unit.displayName(),
                                            unit.line(index),
                                            "calls %s of an array: kernels read and write elements only"
                                                    .formatted(name));
                                }
                            });
            return;
        }
        if (!ApiMembers.isOutside(owner)) {
            throw unsupported(
                    unit.displayName(),
                    unit.line(index),
                    "calls %s.%s on an object: kernels may call static methods"
                            .formatted(call.owner().asSymbol().displayName(), name));
        }
    }

    private void markWritten(MethodUnit unit, ValueType array) {
        int parameter = unit.kernelParameter(array);
        if (parameter >= 0) {
            written.set(parameter);
        } else if (array.kind() == TypeKind.REFERENCE && !array.type().isArray()) {
            writesUnknown = true;
        }
    }

    InterpreterException unsupported(String method, int line, String what) {
        return new InterpreterException("kernel %s.%s: %s %s"
                .formatted(
                        kernel.owner().getSimpleName(),
                        kernel.name(),
                        line == 0 ? method : method + " line " + line,
                        what));
    }

    private ClassModel classModel(ClassDesc owner) {
        String descriptor = owner.descriptorString();
        String internalName = descriptor.substring(1, descriptor.length() - 1);
        return classes.computeIfAbsent(internalName, this::parse);
    }

    private ClassModel parse(String internalName) {
        ClassLoader loader = kernel.owner().getClassLoader();
        try (InputStream bytes = loader.getResourceAsStream(internalName + ".class")) {
            if (bytes == null) {
                throw new InterpreterException("kernel %s: the bytecode of %s is not on the class path"
                        .formatted(kernel.displayName(), internalName));
            }
            return ClassFile.of().parse(bytes.readAllBytes());
        } catch (IOException e) {
            throw new InterpreterException(
                    "kernel %s: the bytecode of %s cannot be read".formatted(kernel.displayName(), internalName), e);
        }
    }

    /** The value of a static final field, which becomes a constant of the kernel. */
    Object constant(MethodUnit unit, int index, FieldInstruction field) {
        String name = field.name().stringValue();
        try {
            Class<?> owner = Class.forName(
                    field.owner().asInternalName().replace('/', '.'),
                    true,
                    kernel.owner().getClassLoader());
            java.lang.reflect.Field found = owner.getDeclaredField(name);
            if (found.accessFlags().contains(AccessFlag.FINAL)
                    && found.getType().isPrimitive()) {
                Object value = MethodHandles.privateLookupIn(owner, MethodHandles.lookup())
                        .unreflectVarHandle(found)
                        .get();
                return switch (value) {
                    case Boolean truth -> truth ? 1 : 0;
                    case Character character -> (int) character;
                    case Byte number -> number.intValue();
                    case Short number -> number.intValue();
                    default -> value;
                };
            }
        } catch (ReflectiveOperationException e) {
            throw new InterpreterException(
                    "kernel %s: the static field %s cannot be read".formatted(kernel.displayName(), name), e);
        }
        throw unsupported(
                unit.displayName(),
                unit.line(index),
                "reads the static field %s: kernels may read static final numbers; give arrays as arguments"
                        .formatted(name));
    }

    private KernelBody load(MethodUnit main) {
        // Beside the engine and not beside the kernel: a kernel may come from a class loader of its own, as in jshell,
        // where
        // nobody else may define classes. All that it calls is copied into this class, so nothing there is missed.
        ClassDesc hidden = ClassDesc.of(
                KernelCompiler.class.getPackageName(), kernel.owner().getSimpleName() + "$Interpreted");
        byte[] bytes = ClassFile.of(ClassFile.ClassHierarchyResolverOption.of(ClassHierarchyResolver.defaultResolver()
                        .orElse(ClassHierarchyResolver.ofResourceParsing(
                                kernel.owner().getClassLoader()))))
                .build(hidden, builder -> {
                    builder.withFlags(AccessFlag.FINAL, AccessFlag.SUPER).withInterfaceSymbols(BODY);
                    builder.withMethodBody(
                            INIT_NAME,
                            MTD_void,
                            0,
                            code -> code.aload(0)
                                    .invokespecial(CD_Object, INIT_NAME, MTD_void)
                                    .return_());
                    builder.withMethodBody(
                            "run",
                            MethodTypeDesc.of(CD_void, OBJECT_ARRAY, LANES),
                            ClassFile.ACC_PUBLIC,
                            code -> emitRun(code, hidden, main));
                    for (MethodUnit unit : unitsInOrder) {
                        builder.withMethodBody(
                                unit.name(),
                                MethodRewriter.rewrittenType(unit.type()),
                                ClassFile.ACC_STATIC | ClassFile.ACC_PRIVATE,
                                code -> new MethodRewriter(this, unit, hidden, code).emit(unit == main));
                    }
                });
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup().defineHiddenClass(bytes, true);
            return (KernelBody) lookup.findConstructor(lookup.lookupClass(), MethodType.methodType(void.class))
                    .invoke();
        } catch (Throwable e) {
            throw new InterpreterException("kernel %s cannot be loaded".formatted(kernel.displayName()), e);
        }
    }

    /** Unpacks the arguments once, then calls the kernel for lane after lane. */
    private void emitRun(CodeBuilder code, ClassDesc hidden, MethodUnit main) {
        int next = 3;
        int[] slots = new int[main.type().parameterCount()];
        for (int i = 0; i < slots.length; i++) {
            ClassDesc parameter = main.type().parameterType(i);
            slots[i] = next;
            if (ApiMembers.isContext(parameter)) {
                continue;
            }
            code.aload(1).loadConstant(i).aaload();
            Unboxing.emit(code, parameter);
            code.storeLocal(TypeKind.from(parameter), next);
            next += TypeKind.from(parameter).slotSize();
        }
        Label loop = code.newLabel();
        Label end = code.newLabel();
        code.labelBinding(loop)
                .aload(2)
                .invokeinterface(LANES, "next", MethodTypeDesc.of(MethodRewriter.LANE))
                .dup()
                .astore(next)
                .ifnull(end);
        for (int i = 0; i < slots.length; i++) {
            ClassDesc parameter = main.type().parameterType(i);
            if (ApiMembers.isContext(parameter)) {
                code.aload(next);
            } else {
                code.loadLocal(TypeKind.from(parameter), slots[i]);
            }
        }
        code.aload(next).invokestatic(hidden, main.name(), MethodRewriter.rewrittenType(main.type()));
        if (!main.type().returnType().equals(CD_void)) {
            throw unsupported(main.displayName(), 0, "returns a value: a kernel returns nothing");
        }
        code.goto_(loop).labelBinding(end).return_();
    }

    static MethodTypeDesc intGetter() {
        return MethodTypeDesc.of(CD_int);
    }
}
