package sala.tornado.interpreter.engine;

import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_boolean;
import static java.lang.constant.ConstantDescs.CD_double;
import static java.lang.constant.ConstantDescs.CD_float;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;
import static java.lang.constant.ConstantDescs.MTD_void;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import sala.tornado.interpreter.engine.Variables.Variable;

/**
 * The calls of a method in which a lane may wait: barriers, warp operations, and helpers that have some. There the
 * method saves its variables in the lane and returns; called again, it restores them and goes on behind the call. All
 * calls share one piece of code that saves and one that restores, so that large kernels stay small enough for the JIT.
 */
final class WaitPoints {
    private static final ClassDesc RUNTIME =
            KernelRuntime.class.describeConstable().orElseThrow();
    private static final ClassDesc LANE = MethodRewriter.LANE;

    private final KernelCompiler compiler;
    private final MethodUnit unit;
    private final ClassDesc hidden;
    private final Variables variables;
    private final CodeBuilder code;
    private final Set<Variable> saved = new LinkedHashSet<>();
    private final List<Label> resumeLabels = new ArrayList<>();
    private final Label saveLabel;
    private final int pointSlot;
    private boolean callsHelpers;
    private int point;

    WaitPoints(KernelCompiler compiler, MethodUnit unit, ClassDesc hidden, Variables variables, CodeBuilder code) {
        this.compiler = compiler;
        this.unit = unit;
        this.hidden = hidden;
        this.variables = variables;
        this.code = code;
        this.saveLabel = code.newLabel();
        this.pointSlot = variables.newSlot(TypeKind.INT);
    }

    static boolean waits(MethodUnit unit, int index, InvokeInstruction call) {
        MethodUnit callee = unit.callee(index);
        if (callee != null) {
            return callee.waits();
        }
        return ApiMembers.isContext(call.owner().asSymbol())
                && ApiMembers.waits(call.name().stringValue());
    }

    /**
     * Sets every variable, then, for a lane that waited, restores those that outlive a wait and goes on there.
     *
     * @param isKernel whether the arguments are given again
     */
    void emitEntry(boolean isKernel) {
        collect(isKernel);
        for (Variable variable : variables.own()) {
            emitNothing(variable.value().kind());
            code.storeLocal(variable.value().kind(), variable.slot());
        }
        Label start = code.newLabel();
        code.aload(variables.laneSlot())
                .invokevirtual(LANE, "resumePoint", MethodTypeDesc.of(CD_int))
                .dup()
                .istore(pointSlot)
                .ifeq(start);
        for (Variable variable : List.copyOf(saved).reversed()) {
            emitRestore(variable);
        }
        if (!callsHelpers) {
            code.aload(variables.laneSlot()).invokevirtual(LANE, "resumed", MTD_void);
        }
        List<SwitchCase> cases = new ArrayList<>();
        for (int i = 0; i < resumeLabels.size(); i++) {
            cases.add(SwitchCase.of(i + 1, resumeLabels.get(i)));
        }
        code.iload(pointSlot).tableswitch(1, cases.size(), start, cases).labelBinding(start);
    }

    private void collect(boolean isKernel) {
        Liveness liveness = new Liveness(unit.elements());
        for (int i = 0; i < unit.elements().size(); i++) {
            Frame frame = unit.frame(i);
            if (frame == null || !(unit.elements().get(i) instanceof InvokeInstruction call) || !waits(unit, i, call)) {
                continue;
            }
            resumeLabels.add(code.newLabel());
            callsHelpers |= unit.callee(i) != null;
            List<ValueType> below = below(i, call, frame);
            for (int position = 0; position < below.size(); position++) {
                saved.add(variables.stackEntry(position, below.get(position)));
            }
            for (int slot : liveness.liveAfter(i).stream().toArray()) {
                if (frame.local(slot).usable()) {
                    Variable variable = variables.variable(slot, frame.local(slot));
                    boolean givenAgain = isKernel && variable.parameter() && unit.isNeverStored(slot);
                    if (!givenAgain) {
                        saved.add(variable);
                    }
                }
            }
        }
    }

    /** The operand stack below a call's operands. */
    private List<ValueType> below(int index, InvokeInstruction call, Frame frame) {
        int operands = call.typeSymbol().parameterCount() + (unit.callee(index) == null ? 1 : 0);
        List<ValueType> below = frame.stack().subList(0, frame.stack().size() - operands);
        if (below.stream().anyMatch(value -> value.isUnfinished() || value.isNull())) {
            throw compiler.unsupported(
                    unit.displayName(),
                    unit.line(index),
                    "waits at %s inside of a constructor call: keep its result in a variable first"
                            .formatted(call.name().stringValue()));
        }
        return below;
    }

    /**
     * Emits a call in which the lane may wait.
     *
     * @param what the array it touches, or the call itself
     */
    void emitCall(int index, InvokeInstruction call, Frame frame, String what) {
        MethodUnit callee = unit.callee(index);
        MethodTypeDesc type = call.typeSymbol();
        List<ValueType> below = below(index, call, frame);
        Label again = code.newLabel();
        Label done = code.newLabel();
        if (callee == null) {
            MethodTypeDesc announced = MethodRewriter.contextCallType(type).changeReturnType(CD_void);
            code.loadConstant(compiler.addSite(unit, index, what))
                    .invokestatic(RUNTIME, call.name().stringValue(), announced);
        } else {
            code.aload(variables.laneSlot())
                    .labelBinding(again)
                    .invokestatic(hidden, callee.name(), MethodRewriter.rewrittenType(callee.type()))
                    .aload(variables.laneSlot())
                    .getfield(LANE, "waiting", CD_boolean)
                    .ifeq(done);
            drop(TypeKind.from(type.returnType()));
        }
        for (int position = below.size() - 1; position >= 0; position--) {
            Variable entry = variables.stackEntry(position, below.get(position));
            code.storeLocal(entry.value().kind(), entry.slot());
        }
        Label resume = resumeLabels.get(point++);
        code.loadConstant(point).istore(pointSlot).goto_(saveLabel).labelBinding(resume);
        if (callee == null) {
            if (callsHelpers) {
                code.aload(variables.laneSlot()).invokevirtual(LANE, "resumed", MTD_void);
            }
            emitStackBelow(below);
            emitResult(type.returnType());
        } else {
            emitStackBelow(below);
            for (ClassDesc parameter : callee.type().parameterList()) {
                emitNothing(TypeKind.from(parameter));
            }
            code.aload(variables.laneSlot()).goto_(again).labelBinding(done);
        }
    }

    private void emitStackBelow(List<ValueType> below) {
        for (int position = 0; position < below.size(); position++) {
            Variable entry = variables.stackEntry(position, below.get(position));
            code.loadLocal(entry.value().kind(), entry.slot());
        }
    }

    /** What every wait ends in: the variables, then the number of the call, are kept in the lane. */
    void emitSave() {
        code.labelBinding(saveLabel);
        for (Variable variable : saved) {
            if (isStored(variable.value())) {
                code.aload(variables.laneSlot())
                        .loadLocal(variable.value().kind(), variable.slot())
                        .invokevirtual(LANE, "save", MethodTypeDesc.of(CD_void, storedType(variable.value())));
            }
        }
        code.aload(variables.laneSlot())
                .iload(pointSlot)
                .invokevirtual(LANE, "waitAt", MethodTypeDesc.of(CD_void, CD_int));
        TypeKind result = TypeKind.from(unit.type().returnType());
        emitNothing(result);
        code.return_(result.asLoadable());
    }

    private void emitRestore(Variable variable) {
        ValueType value = variable.value();
        code.aload(variables.laneSlot());
        if (isStored(value)) {
            switch (value.kind()) {
                case INT -> restore("restoreInt", CD_int);
                case FLOAT -> restore("restoreFloat", CD_float);
                case LONG -> restore("restoreLong", CD_long);
                case DOUBLE -> restore("restoreDouble", CD_double);
                default -> {
                    restore("restoreReference", CD_Object);
                    code.checkcast(value.type());
                }
            }
        }
        code.storeLocal(value.kind(), variable.slot());
    }

    private void restore(String method, ClassDesc type) {
        code.invokevirtual(LANE, method, MethodTypeDesc.of(type));
    }

    /** The context is the lane itself and need not be kept. */
    private static boolean isStored(ValueType value) {
        return !ApiMembers.isContext(value.type());
    }

    private static ClassDesc storedType(ValueType value) {
        return value.kind() == TypeKind.REFERENCE ? CD_Object : value.kind().upperBound();
    }

    private void emitResult(ClassDesc type) {
        switch (TypeKind.from(type)) {
            case VOID -> {}
            case FLOAT -> code.aload(variables.laneSlot()).getfield(LANE, "floatResult", CD_float);
            default ->
                code.aload(variables.laneSlot())
                        .getfield(LANE, "objectResult", CD_Object)
                        .checkcast(type);
        }
    }

    private void drop(TypeKind kind) {
        switch (kind.slotSize()) {
            case 0 -> {}
            case 1 -> code.pop();
            default -> code.pop2();
        }
    }

    /** Pushes zero or null. */
    private void emitNothing(TypeKind kind) {
        switch (kind.asLoadable()) {
            case LONG -> code.lconst_0();
            case FLOAT -> code.fconst_0();
            case DOUBLE -> code.dconst_0();
            case REFERENCE -> code.aconst_null();
            case VOID -> {}
            default -> code.iconst_0();
        }
    }
}
