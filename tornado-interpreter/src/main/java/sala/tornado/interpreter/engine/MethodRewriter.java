package sala.tornado.interpreter.engine;

import static java.lang.constant.ConstantDescs.CD_Integer;
import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_boolean;
import static java.lang.constant.ConstantDescs.CD_float;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_void;
import static java.lang.constant.ConstantDescs.MTD_void;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Label;
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
import java.lang.classfile.instruction.SwitchCase;
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
    private final int laneSlot;
    private final int firstTemporary;
    private final @Nullable Liveness liveness;
    private final List<Label> resumePoints = new ArrayList<>();

    MethodRewriter(KernelCompiler compiler, MethodUnit unit, ClassDesc hidden, CodeBuilder code) {
        this.compiler = compiler;
        this.unit = unit;
        this.hidden = hidden;
        this.code = code;
        this.laneSlot = unit.parameterSlots();
        this.firstTemporary = unit.maxLocals() + 1;
        this.liveness = unit.waits() ? new Liveness(unit.elements()) : null;
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

    private int slot(int original) {
        return original < laneSlot ? original : original + 1;
    }

    /** @param isKernel whether this is the kernel itself, which gets its arguments again when it goes on */
    void emit(boolean isKernel) {
        if (unit.waits()) {
            emitResumeSwitch();
        }
        int point = 0;
        for (int i = 0; i < unit.elements().size(); i++) {
            CodeElement element = unit.elements().get(i);
            Frame frame = unit.frame(i);
            if (frame != null) {
                if (element instanceof InvokeInstruction call && isWaitingPoint(i, call)) {
                    emitWaitingCall(i, call, frame, point++, isKernel);
                } else {
                    i = emit(i, element, frame);
                }
            }
        }
    }

    private boolean isWaitingPoint(int index, InvokeInstruction call) {
        MethodUnit callee = unit.callee(index);
        if (callee != null) {
            return callee.waits();
        }
        return ApiMembers.isContext(call.owner().asSymbol())
                && ApiMembers.waits(call.name().stringValue());
    }

    private void emitResumeSwitch() {
        List<SwitchCase> cases = new ArrayList<>();
        for (int i = 0; i < unit.elements().size(); i++) {
            if (unit.frame(i) != null
                    && unit.elements().get(i) instanceof InvokeInstruction call
                    && isWaitingPoint(i, call)) {
                resumePoints.add(code.newLabel());
                cases.add(SwitchCase.of(resumePoints.size(), resumePoints.getLast()));
            }
        }
        Label start = code.newLabel();
        code.aload(laneSlot).invokevirtual(LANE, "resumePoint", KernelCompiler.intGetter());
        code.tableswitch(1, resumePoints.size(), start, cases);
        code.labelBinding(start);
    }

    /** Emits an element that does not wait; returns the index of the last element it stands for. */
    private int emit(int index, CodeElement element, Frame frame) {
        switch (element) {
            case LoadInstruction load -> code.loadLocal(load.typeKind(), slot(load.slot()));
            case StoreInstruction store -> code.storeLocal(store.typeKind(), slot(store.slot()));
            case IncrementInstruction increment -> code.iinc(slot(increment.slot()), increment.constant());
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
    private static MethodTypeDesc contextCallType(MethodTypeDesc type) {
        List<ClassDesc> parameters = new ArrayList<>();
        parameters.add(LANE);
        parameters.addAll(type.parameterList());
        parameters.add(CD_int);
        return MethodTypeDesc.of(type.returnType(), parameters);
    }

    /** The array a context's call touches, or the call itself where it touches none. */
    private String name(int index, InvokeInstruction call, Frame frame) {
        MethodTypeDesc type = call.typeSymbol();
        for (int i = 0; i < type.parameterCount(); i++) {
            ValueType value = frame.fromTop(type.parameterCount() - 1 - i);
            boolean fragment = call.name().stringValue().startsWith("mma")
                    && i < 3
                    && !call.name().stringValue().startsWith("mmaLoad");
            if (value.kind() == TypeKind.REFERENCE && value.slot() >= 0 && !fragment) {
                return unit.variableName(value.slot(), index, call.name().stringValue());
            }
        }
        return call.name().stringValue();
    }

    private void emitAccess(int index, InvokeInstruction call, ApiMembers.Access access, Frame frame) {
        int depth = access.write() ? 2 : 1;
        ValueType array = frame.fromTop(depth);
        TypeKind valueKind = access.write() ? TypeKind.from(call.typeSymbol().parameterType(1)) : TypeKind.VOID;
        if (access.write()) {
            code.storeLocal(valueKind, firstTemporary);
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
            code.loadLocal(valueKind, firstTemporary);
        }
    }

    private void emitArrayStore(int index, ArrayStoreInstruction store, Frame frame) {
        if (compiler.checks() && !frame.fromTop(2).privateArray()) {
            TypeKind kind = store.typeKind().asLoadable();
            code.storeLocal(kind, firstTemporary);
            announceJavaArray(index, frame.fromTop(2), "writeLocal");
            code.loadLocal(kind, firstTemporary);
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

    /**
     * Emits a call in which the lane may wait.
     *
     * @param point its number among the method's
     */
    private void emitWaitingCall(int index, InvokeInstruction call, Frame frame, int point, boolean isKernel) {
        MethodUnit callee = unit.callee(index);
        MethodTypeDesc type = call.typeSymbol();
        int operands = type.parameterCount() + (callee == null ? 1 : 0);
        List<ValueType> below = frame.stack().subList(0, frame.stack().size() - operands);
        if (below.stream().anyMatch(ValueType::isUnfinished)) {
            throw compiler.unsupported(
                    unit.displayName(),
                    unit.line(index),
                    "waits at %s inside of a constructor call: keep its result in a variable first"
                            .formatted(call.name().stringValue()));
        }
        Label again = code.newLabel();
        Label done = code.newLabel();
        if (callee == null) {
            MethodTypeDesc announced = contextCallType(type).changeReturnType(CD_void);
            code.loadConstant(compiler.addSite(unit, index, name(index, call, frame)))
                    .invokestatic(RUNTIME, call.name().stringValue(), announced);
        } else {
            code.aload(laneSlot);
            code.labelBinding(again);
            code.invokestatic(hidden, callee.name(), rewrittenType(callee.type()));
            code.aload(laneSlot).getfield(LANE, "waiting", CD_boolean).ifeq(done);
            if (!type.returnType().equals(CD_void)) {
                drop(TypeKind.from(type.returnType()));
            }
        }
        List<Saved> saved = saved(index, frame, below, isKernel);
        emitSave(saved, below, point);
        code.labelBinding(resumePoints.get(point));
        emitRestore(saved);
        if (callee == null) {
            code.aload(laneSlot).invokevirtual(LANE, "resumed", MTD_void);
            emitStackBelow(below);
            emitResult(type.returnType());
        } else {
            emitStackBelow(below);
            for (ClassDesc parameter : callee.type().parameterList()) {
                emitNothing(parameter);
            }
            code.aload(laneSlot).goto_(again);
            code.labelBinding(done);
        }
    }

    /**
     * A value that outlives a wait.
     *
     * @param slot its slot in the rewritten method
     */
    private record Saved(ValueType value, int slot) {}

    private List<Saved> saved(int index, Frame frame, List<ValueType> below, boolean isKernel) {
        List<Saved> saved = new ArrayList<>();
        int temporary = firstTemporary;
        for (ValueType value : below) {
            saved.add(new Saved(value, temporary));
            temporary += value.kind().slotSize();
        }
        if (liveness != null) {
            for (int slot : liveness.liveAfter(index).stream().toArray()) {
                boolean givenAgain = isKernel && slot < laneSlot && unit.isNeverStored(slot);
                if (frame.local(slot).usable() && !givenAgain) {
                    saved.add(new Saved(frame.local(slot), slot(slot)));
                }
            }
        }
        return saved;
    }

    private void emitSave(List<Saved> saved, List<ValueType> below, int point) {
        for (int i = below.size() - 1; i >= 0; i--) {
            code.storeLocal(below.get(i).kind(), saved.get(i).slot());
        }
        for (Saved value : saved) {
            if (isStored(value.value())) {
                code.aload(laneSlot).loadLocal(value.value().kind(), value.slot());
                code.invokevirtual(LANE, "save", MethodTypeDesc.of(CD_void, storedType(value.value())));
            }
        }
        code.aload(laneSlot).loadConstant(point + 1).invokevirtual(LANE, "waitAt", MethodTypeDesc.of(CD_void, CD_int));
        emitNothing(unit.type().returnType());
        code.return_(TypeKind.from(unit.type().returnType()));
    }

    private void emitRestore(List<Saved> saved) {
        for (Saved value : saved.reversed()) {
            ValueType type = value.value();
            if (type.isNull()) {
                code.aconst_null();
            } else {
                code.aload(laneSlot);
            }
            if (isStored(type)) {
                switch (type.kind()) {
                    case INT -> restore("restoreInt", CD_int);
                    case FLOAT -> restore("restoreFloat", CD_float);
                    case LONG -> restore("restoreLong", java.lang.constant.ConstantDescs.CD_long);
                    case DOUBLE -> restore("restoreDouble", java.lang.constant.ConstantDescs.CD_double);
                    default -> {
                        restore("restoreReference", CD_Object);
                        code.checkcast(type.type());
                    }
                }
            }
            code.storeLocal(type.kind(), value.slot());
        }
    }

    private void restore(String method, ClassDesc type) {
        code.invokevirtual(LANE, method, MethodTypeDesc.of(type));
    }

    /** The lane itself and null need not be kept. */
    private static boolean isStored(ValueType value) {
        return !value.isNull() && !ApiMembers.isContext(value.type());
    }

    private static ClassDesc storedType(ValueType value) {
        return value.kind() == TypeKind.REFERENCE ? CD_Object : value.kind().upperBound();
    }

    private void emitStackBelow(List<ValueType> below) {
        int temporary = firstTemporary;
        for (ValueType value : below) {
            code.loadLocal(value.kind(), temporary);
            temporary += value.kind().slotSize();
        }
    }

    private void emitResult(ClassDesc type) {
        switch (TypeKind.from(type)) {
            case VOID -> {}
            case FLOAT -> code.aload(laneSlot).getfield(LANE, "floatResult", CD_float);
            default ->
                code.aload(laneSlot).getfield(LANE, "objectResult", CD_Object).checkcast(type);
        }
    }

    private void drop(TypeKind kind) {
        if (kind.slotSize() == 2) {
            code.pop2();
        } else {
            code.pop();
        }
    }

    /** Pushes zero or null. */
    private void emitNothing(ClassDesc type) {
        switch (TypeKind.from(type).asLoadable()) {
            case LONG -> code.lconst_0();
            case FLOAT -> code.fconst_0();
            case DOUBLE -> code.dconst_0();
            case REFERENCE -> code.aconst_null();
            case VOID -> {}
            default -> code.iconst_0();
        }
    }
}
