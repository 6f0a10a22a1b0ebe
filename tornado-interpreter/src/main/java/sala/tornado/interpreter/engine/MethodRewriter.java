package sala.tornado.interpreter.engine;

import static java.lang.constant.ConstantDescs.CD_Integer;
import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_void;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.ArrayLoadInstruction;
import java.lang.classfile.instruction.ArrayStoreInstruction;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.IncrementInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.LineNumber;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Rewrites one method of a kernel. The lane becomes its last parameter and takes the place of the kernel context;
 * accesses of arrays are announced to {@link KernelRuntime} where the device checks; and where lanes wait for each other
 * the method saves its variables in the lane and returns, to go on from there when it is called again.
 */
final class MethodRewriter {
    static final ClassDesc LANE = Lane.class.describeConstable().orElseThrow();
    private static final ClassDesc RUNTIME =
            KernelRuntime.class.describeConstable().orElseThrow();

    private final KernelCompiler compiler;
    private final MethodUnit unit;
    private final ClassDesc hidden;
    private final CodeBuilder code;
    private final Variables variables;
    private final int laneSlot;
    private final int operandSlot;
    private final @Nullable WaitPoints waitPoints;

    MethodRewriter(KernelCompiler compiler, MethodUnit unit, ClassDesc hidden, CodeBuilder code) {
        this.compiler = compiler;
        this.unit = unit;
        this.hidden = hidden;
        this.code = code;
        this.variables = variables(compiler, unit);
        this.laneSlot = variables.laneSlot();
        this.operandSlot = variables.newSlot(TypeKind.LONG);
        this.waitPoints = unit.waits() ? new WaitPoints(compiler, unit, hidden, variables, code) : null;
    }

    private static Variables variables(KernelCompiler compiler, MethodUnit unit) {
        try {
            return new Variables(unit);
        } catch (Variables.UnsupportedVariableException e) {
            throw compiler.unsupported(unit.displayName(), 0, String.valueOf(e.getMessage()));
        }
    }

    /** The method's type with the lane in place of the context and at the end. */
    static MethodTypeDesc rewrittenType(MethodTypeDesc type) {
        List<ClassDesc> parameters = new ArrayList<>();
        for (ClassDesc parameter : type.parameterList()) {
            parameters.add(laneForContext(parameter));
        }
        parameters.add(LANE);
        return MethodTypeDesc.of(type.returnType(), parameters);
    }

    private static ClassDesc laneForContext(ClassDesc type) {
        return ApiMembers.isContext(type) ? LANE : type;
    }

    /** @param isKernel whether this is the kernel itself, which gets its arguments again when it goes on */
    void emit(boolean isKernel) {
        WaitPoints points = waitPoints;
        if (points != null) {
            points.emitEntry(isKernel);
        }
        for (int i = 0; i < unit.elements().size(); i++) {
            CodeElement element = unit.elements().get(i);
            Frame frame = unit.frame(i);
            if (frame != null) {
                if (points != null && element instanceof InvokeInstruction call && WaitPoints.waits(unit, i, call)) {
                    points.emitCall(i, call, frame, name(i, call, frame));
                } else {
                    i = emit(i, element, frame);
                }
            }
        }
        if (points != null) {
            points.emitSave();
        }
    }

    /** Emits an element that does not wait; returns the index of the last element it stands for. */
    private int emit(int index, CodeElement element, Frame frame) {
        switch (element) {
            case LoadInstruction load ->
                code.loadLocal(load.typeKind(), variables.slot(load.slot(), frame.local(load.slot())));
            case StoreInstruction store ->
                code.storeLocal(store.typeKind(), variables.slot(store.slot(), frame.fromTop(0)));
            case IncrementInstruction increment ->
                code.iinc(variables.slot(increment.slot(), ValueType.INT), increment.constant());
            case FieldInstruction field -> {
                return emitField(index, field);
            }
            case InvokeInstruction call -> emitCall(index, call, frame);
            case ArrayLoadInstruction load -> {
                if (compiler.checks() && !frame.fromTop(1).privateArray()) {
                    announceJavaArray(index, frame.fromTop(1), "readLocal");
                }
                code.with(load);
            }
            case ArrayStoreInstruction store -> emitArrayStore(index, store, frame);
            case LabelTarget _, LineNumber _, java.lang.classfile.Instruction _ -> code.with(element);
            default -> {}
        }
        return index;
    }

    private int emitField(int index, FieldInstruction field) {
        if (ApiMembers.isContext(field.owner().asSymbol())) {
            code.getfield(LANE, field.name().stringValue(), CD_int);
            if (unit.elements().get(index + 1) instanceof InvokeInstruction next
                    && next.owner().asSymbol().equals(CD_Integer)
                    && next.name().equalsString("intValue")) {
                return index + 1;
            }
            code.invokestatic(CD_Integer, "valueOf", MethodTypeDesc.of(CD_Integer, CD_int));
            return index;
        }
        boolean folded = field.opcode() == Opcode.GETSTATIC
                && !ApiMembers.isOutside(field.owner().asInternalName());
        if (!folded) {
            code.with(field);
            return index;
        }
        switch (compiler.constant(unit, index, field)) {
            case Integer value -> code.loadConstant(value.intValue());
            case Long value -> code.loadConstant(value.longValue());
            case Float value -> code.loadConstant(value.floatValue());
            case Double value -> code.loadConstant(value.doubleValue());
            case Object other -> throw new IllegalStateException("no constant: " + other);
        }
        return index;
    }

    private void emitCall(int index, InvokeInstruction call, Frame frame) {
        MethodUnit callee = unit.callee(index);
        String name = call.name().stringValue();
        if (callee != null) {
            code.aload(laneSlot).invokestatic(hidden, callee.name(), rewrittenType(callee.type()));
        } else if (ApiMembers.isContext(call.owner().asSymbol())) {
            code.loadConstant(compiler.addSite(unit, index, name(index, call, frame)))
                    .invokestatic(RUNTIME, name, contextCallType(call.typeSymbol()));
        } else if (ApiMembers.isArray(call.owner().asInternalName()) && call.opcode() == Opcode.INVOKEVIRTUAL) {
            Optional<ApiMembers.Access> access = ApiMembers.access(call);
            if (compiler.checks() && access.isPresent()) {
                emitAccess(index, call, access.get(), frame);
            }
            code.with(call);
        } else {
            code.with(call);
        }
    }

    /** A call of the context as a static method: the lane first, the place last. */
    static MethodTypeDesc contextCallType(MethodTypeDesc type) {
        List<ClassDesc> parameters = new ArrayList<>();
        parameters.add(LANE);
        parameters.addAll(type.parameterList());
        parameters.add(CD_int);
        return MethodTypeDesc.of(type.returnType(), parameters);
    }

    /** The array a context's call touches, or the call itself where it touches none. */
    private String name(int index, InvokeInstruction call, Frame frame) {
        String name = call.name().stringValue();
        if (name.startsWith("allocate")
                && index + 2 < unit.elements().size()
                && unit.elements().get(index + 1) instanceof StoreInstruction store) {
            return unit.variableName(store.slot(), index + 2, name);
        }
        MethodTypeDesc type = call.typeSymbol();
        for (int i = 0; i < type.parameterCount(); i++) {
            ValueType value = frame.fromTop(type.parameterCount() - 1 - i);
            boolean fragment = name.startsWith("mma") && !name.startsWith("mmaLoad") && i < 3;
            if (value.kind() == TypeKind.REFERENCE && value.slot() >= 0 && !fragment) {
                return unit.variableName(value.slot(), index, name);
            }
        }
        return name;
    }

    private void emitAccess(int index, InvokeInstruction call, ApiMembers.Access access, Frame frame) {
        int depth = access.write() ? 2 : 1;
        ValueType array = frame.fromTop(depth);
        TypeKind valueKind = access.write() ? TypeKind.from(call.typeSymbol().parameterType(1)) : TypeKind.VOID;
        if (access.write()) {
            code.storeLocal(valueKind, operandSlot);
        }
        String arrayName = array.slot() < 0 ? "array" : unit.variableName(array.slot(), index, "array");
        int site = compiler.addSite(unit, index, arrayName);
        int parameter = unit.kernelParameter(array);
        String verb = access.write() ? "write" : "read";
        boolean single = access.scale() == 1 && access.width() == 1;
        if (parameter < 0) {
            code.dup2();
            code.loadConstant(access.scale())
                    .loadConstant(access.width())
                    .loadConstant(site)
                    .aload(laneSlot)
                    .invokestatic(
                            RUNTIME,
                            verb + "Unknown",
                            MethodTypeDesc.of(CD_void, CD_Object, CD_int, CD_int, CD_int, CD_int, LANE));
        } else if (single) {
            code.loadConstant(parameter)
                    .loadConstant(site)
                    .aload(laneSlot)
                    .invokestatic(RUNTIME, verb, MethodTypeDesc.of(CD_int, CD_int, CD_int, CD_int, LANE));
        } else {
            code.loadConstant(parameter)
                    .loadConstant(access.scale())
                    .loadConstant(access.width())
                    .loadConstant(site)
                    .aload(laneSlot)
                    .invokestatic(
                            RUNTIME,
                            verb + "Vector",
                            MethodTypeDesc.of(CD_int, CD_int, CD_int, CD_int, CD_int, CD_int, LANE));
        }
        if (access.write()) {
            code.loadLocal(valueKind, operandSlot);
        }
    }

    private void emitArrayStore(int index, ArrayStoreInstruction store, Frame frame) {
        if (compiler.checks() && !frame.fromTop(2).privateArray()) {
            TypeKind kind = store.typeKind().asLoadable();
            code.storeLocal(kind, operandSlot);
            announceJavaArray(index, frame.fromTop(2), "writeLocal");
            code.loadLocal(kind, operandSlot);
        }
        code.with(store);
    }

    /** Tells the runtime of the array and index on top of the stack. */
    private void announceJavaArray(int index, ValueType array, String method) {
        String arrayName = array.slot() < 0 ? "array" : unit.variableName(array.slot(), index, "array");
        code.dup2()
                .loadConstant(compiler.addSite(unit, index, arrayName))
                .aload(laneSlot)
                .invokestatic(RUNTIME, method, MethodTypeDesc.of(CD_void, CD_Object, CD_int, CD_int, LANE));
    }
}
