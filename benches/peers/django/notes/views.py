"""The same calls as the application's, as Django REST Framework's and Knox's documentation writes them."""

from django.contrib.auth import login
from django.contrib.auth.models import User
from knox.views import LoginView
from rest_framework import generics, pagination, permissions, serializers
from rest_framework.authtoken.serializers import AuthTokenSerializer
from rest_framework.response import Response
from rest_framework.views import APIView

from .models import Note


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "body", "version", "created_at", "updated_at"]
        read_only_fields = ["id", "version", "created_at", "updated_at"]


class AccountSerializer(serializers.ModelSerializer):
    name = serializers.CharField(source="first_name")
    email_confirmed = serializers.BooleanField(source="is_staff")
    created_at = serializers.DateTimeField(source="date_joined")

    class Meta:
        model = User
        fields = ["id", "email", "email_confirmed", "name", "created_at"]


class Pages(pagination.CursorPagination):
    page_size = 20
    ordering = "-id"

    def get_paginated_response(self, data):
        return Response({"items": data, "next_cursor": self.get_next_link(), "total": None})


class Me(APIView):
    def get(self, request):
        return Response(AccountSerializer(request.user).data)


class Notes(generics.ListCreateAPIView):
    serializer_class = NoteSerializer
    pagination_class = Pages

    def get_queryset(self):
        return Note.objects.filter(owner=self.request.user)

    def perform_create(self, serializer):
        serializer.save(owner=self.request.user)


class OneNote(generics.RetrieveAPIView):
    serializer_class = NoteSerializer

    def get_queryset(self):
        return Note.objects.filter(owner=self.request.user)


class TokenLogin(LoginView):
    authentication_classes = []
    permission_classes = [permissions.AllowAny]

    def post(self, request, format=None):
        credentials = AuthTokenSerializer(data=request.data)
        credentials.is_valid(raise_exception=True)
        request.user = credentials.validated_data["user"]
        return super().post(request, format=format)


class SessionLogin(APIView):
    authentication_classes = []
    permission_classes = [permissions.AllowAny]

    def post(self, request):
        credentials = AuthTokenSerializer(data=request.data)
        credentials.is_valid(raise_exception=True)
        user = credentials.validated_data["user"]
        login(request._request, user)
        return Response(AccountSerializer(user).data)
